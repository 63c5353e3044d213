"""What was read of the errored instances: of each its cause, grouped anew once one came or left."""

from collections.abc import Container, Iterator

from msgspec import Struct

from wfdash.core.model.detail import Detail
from wfdash.core.model.instance import Instance
from wfdash.core.triage.error_groups import ErrorGroup, Sample, group
from wfdash.core.triage.fingerprint import fingerprint

__all__ = ["SampledFailures"]


class _Read(Struct, frozen=True):
    ended: float | None
    """When the run ended that was read: after a restart it may fail anew, of something else."""
    sample: Sample


class SampledFailures:
    """Keeps each instance once, with its last run that was read."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._reads: dict[str, _Read] = {}
        self._grouped: list[ErrorGroup] | None = None
        self.read_at: float | None = None
        """When the last of them was read."""

    def __len__(self) -> int:
        return len(self._reads)

    def __contains__(self, identity: str) -> bool:
        return identity in self._reads

    def __iter__(self) -> Iterator[Sample]:
        return (read.sample for read in self._reads.values())

    @property
    def groups(self) -> list[ErrorGroup]:
        if self._grouped is None:
            self._grouped = group(self)
        return self._grouped

    def to_offer(self, identity: str) -> tuple[Sample, str] | None:
        """What other processes are given of it, and of which run: by that they tell it from a later one."""
        read = self._reads.get(identity)
        return None if read is None else (read.sample, str(read.ended or ""))

    def is_unread(self, identity: str, row: Instance | None) -> bool:
        """Whether it was never read, or ended again since, as its row tells."""
        read = self._reads.get(identity)
        if read is None or row is None:
            return read is None
        return row.ended is not None and read.ended is not None and row.ended > read.ended

    def take(self, detail: Detail, row: Instance | None, now: float, *, apart: bool) -> None:
        """Takes in what it failed of, or that it did not; `apart` where it is not one of the newest."""
        self.read_at = now
        if detail.status != "errored":
            self.take_out(detail.id)
            return
        ended = row.ended if row else detail.end
        not_undone = detail.rollback_outcome == "failed"
        self.put(Sample(detail.id, detail.end or ended, fingerprint(detail), apart, not_undone), ended, now)

    def put(self, sample: Sample, ended: float | None, now: float) -> None:
        """Takes in one whose cause is found out already, of the run that ended then."""
        self._reads[sample.id] = _Read(ended, sample)
        self._grouped, self.read_at = None, now

    def take_out(self, identity: str) -> None:
        if self._reads.pop(identity, None) is not None:
            self._grouped = None

    def keep(self, most: int, wanted: Container[str]) -> None:
        """Forgets those that failed first beyond `most`, but for `wanted`: a page may stay open for days."""
        if len(self._reads) <= most:
            return
        old = [(read.ended or 0.0, each) for each, read in self._reads.items() if each not in wanted]
        for _, identity in sorted(old)[: len(self._reads) - most]:
            self.take_out(identity)
