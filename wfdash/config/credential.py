"""The one object that holds a secret: it hides itself everywhere and hands headers to one origin alone."""

import hmac
import re
from collections.abc import Callable
from typing import Literal, NoReturn
from urllib.parse import urlsplit

__all__ = ["SECRET_VARIABLES", "Credential", "origin_of"]

SECRET_VARIABLES = frozenset({"CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_KEY", "CF_API_TOKEN", "CF_API_KEY"})
"""No program that wfdash starts is given these."""

Scheme = Literal["token", "key"]


def origin_of(url: str) -> str:
    """`scheme://host:port` of a URL, in lower case and with the port spelled out."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    host = (parts.hostname or "").lower()
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


_LEAST = 8
"""Characters of a secret that is masked in data; an API token has 40 or more, a global key 37."""


def _long_enough(secret: str) -> tuple[str, ...]:
    return (secret.lower(),) if len(secret) >= _LEAST else ()


class Credential:
    """A token, or a global API key with its email: never both schemes at once.

    `source` names where it came from (a variable, a command, a file) and may be shown; the secret may not.
    """

    __slots__ = ("_email", "_masked", "_renewal", "_secret", "scheme", "source")

    def __init__(
        self,
        secret: str,
        *,
        source: str,
        email: str = "",
        renewal: Callable[[], str] | None = None,
    ) -> None:
        self._secret = secret
        self._email = email
        self._renewal = renewal
        self.source = source
        self._masked = _long_enough(secret)
        self.scheme: Scheme = "key" if email else "token"

    def headers_for(self, url: str, *, origin: str) -> dict[str, str]:
        """The authentication headers of a request to `url`: none at all unless it is at `origin`."""
        if origin_of(url) != origin_of(origin):
            return {}
        if self.scheme == "key":
            return {"X-Auth-Email": self._email, "X-Auth-Key": self._secret}
        return {"Authorization": f"Bearer {self._secret}"}

    def renew(self) -> bool:
        """Reads the secret again where that can give a newer one; True when it did. May block for seconds."""
        fresh = self._renewal() if self._renewal else ""
        changed = bool(fresh) and fresh != self._secret
        if changed:
            self._secret = fresh
            self._masked = (*self._masked, *_long_enough(fresh))
        return changed

    def hide(self, text: str) -> str:
        """The text with the secret blotted out, for words that came from elsewhere."""
        if not self._secret:
            return text
        return re.sub(re.escape(self._secret), "[hidden]", text, flags=re.IGNORECASE)

    def mask(self, text: str) -> str:
        """The text with this secret, and what it was before a renewal, blotted out; for data of any kind.

        A secret of a few characters is left alone: it would blot out words that are none.
        """
        folded = text.lower()
        for secret in self._masked:
            if secret in folded:
                return re.sub("|".join(map(re.escape, self._masked)), "[hidden]", text, flags=re.IGNORECASE)
        return text

    def fingerprint(self, key: bytes, *, at: str) -> str:
        """An HMAC of secret and origin: equal for equal ones, and of no use without the key."""
        words = f"{at}\0{self._secret}".encode(errors="surrogateescape")
        return hmac.new(key, words, "sha256").hexdigest()[:24]

    def __repr__(self) -> str:
        return f"<Credential: {self.scheme} from {self.source}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A credential is never pickled or copied.")
