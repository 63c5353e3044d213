"""When something of a page was recorded: what `<` and `>` go along."""

from wfdash.live.records.record.reading import RecordReader, number_of

__all__ = ["PageMoments"]


class PageMoments:
    """The moments, epoch seconds, at which an instance, a workflow or anything was recorded anew."""

    def __init__(self, reader: RecordReader, workflow: str, instance: str = "") -> None:
        self._reader = reader
        self._from, self._of = self._selected(workflow, instance)

    def _selected(self, workflow: str, instance: str) -> tuple[str, object]:
        """Where they stand, and the value for its ?1."""
        if instance:
            of_it = (
                "SELECT at FROM listed WHERE instance = ?1 UNION SELECT at FROM detail WHERE instance = ?1"
            )
            return of_it, self._reader.key_of(workflow, instance)
        if workflow:
            return (
                "SELECT at FROM moment WHERE workflow = (SELECT key FROM workflow WHERE name = ?1)",
                workflow,
            )
        return "SELECT DISTINCT at FROM counts WHERE ?1 IS NULL", None

    def away(self, at: float, *, back: bool, number: int = 1) -> float | None:
        """The moment so many recorded changes away, or the last there is; None where there is none."""
        edge, order = ("<", "DESC") if back else (">", "ASC")
        rows = self._reader.ask(
            f"SELECT at FROM ({self._from}) WHERE at {edge} ?2 AND at <= ?4 ORDER BY at {order} LIMIT ?3",
            self._of,
            at,
            number,
            # What is dated later than any clock can have been is damage, and no moment to go to.
            self._reader.horizon,
        )
        found = [moment for (at,) in rows if (moment := number_of(at)) is not None]
        return found[-1] if found else None

    def position(self, at: float) -> tuple[int, int]:
        """Which of the moments of its second this is, from 1, and how many there are."""
        rows = self._reader.ask(
            f"SELECT sum(at <= ?2), count(*) FROM ({self._from}) WHERE at >= ?3 AND at < ?3 + 1",
            self._of,
            at,
            at // 1,
        )
        for number, total in rows:
            if isinstance(number, int) and isinstance(total, int):
                return number, total
        return 1, 1
