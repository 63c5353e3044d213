"""Errored instances grouped by cause, the versions they blame, and what is stuck or odd beside them."""

from collections.abc import Callable, Hashable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.timer import Timer

from wfdash.core.model.instance import Instance
from wfdash.core.model.status import ACTIVE
from wfdash.core.model.times import HOUR
from wfdash.core.text.clean import clean, fit
from wfdash.core.text.words import age, count, counted, estimated
from wfdash.core.text.wrap import wrapped
from wfdash.core.triage.error_groups import ErrorGroup, filter_for
from wfdash.core.triage.failure_rate import ENOUGH
from wfdash.core.triage.fingerprint import Fingerprint
from wfdash.core.triage.headline import Evidence, Headline
from wfdash.live.feeds.failures.error_samples import BESIDE
from wfdash.live.polling.events import Update
from wfdash.live.reads.remainder import ErroredRemainder, Remainder
from wfdash.ui.base.identity import identity_of
from wfdash.ui.base.screen import BaseScreen
from wfdash.ui.context import Context
from wfdash.ui.errors.anomaly_table import OddTable
from wfdash.ui.errors.example import ExampleRoom
from wfdash.ui.errors.group_lines import GroupLines
from wfdash.ui.errors.group_table import GroupTable
from wfdash.ui.errors.version_lines import VersionShares
from wfdash.ui.keys.bindings import bindings
from wfdash.ui.logs.last_lines import LastLines
from wfdash.ui.widgets.header import Header, freshness_pieces, meter_pieces
from wfdash.ui.widgets.key_bar import KeyBar
from wfdash.ui.widgets.status_line import Pieces
from wfdash.ui.widgets.text_lines import TextLines
from wfdash.ui.widgets.theme import BAD, PLAIN, QUIET, WARN

__all__ = ["ErrorsScreen"]

_SUMMARY = 3
"""Lines of the headline."""
_ROOMY, _WIDE_OPEN = 20, 36
"""Lines of a screen from which the example is told to its end, and the newest of the group are listed."""
_MOMENT = 4.0
"""Seconds below which nobody wants to know how long it takes."""
_COUNTED = 20.0
"""Seconds for which the count of errored ones stands without its age, as in the top line of the list."""
_UNBROKEN = HOUR
"""Seconds that a record must hold unbroken before anything is blamed out of it."""
_IN_FULL = 12
"""Lines that are kept for the example with its steps."""
_APART = 0.5
"""Seconds between two draws while the sample is read: it may bring fifty answers in one second, and each
moves the groups and the versions. Over a slow link the last of them would come late."""
_ALL_SOON = 1.0
"""Seconds for which the example waits for the sample to be read: the lines over it still grow, and would move
it, which is most of the page, each time."""
_LEAST_GROUPS = 3
"""Lines of the groups at least, with their titles."""
_LEAST_ODD = 6
"""Lines that the groups leave to what is odd, if there is so much of it."""


class ErrorsScreen(BaseScreen):
    """Errored instances by cause; sampling goes on while it is open, out of what the budget spares."""

    opened_by = "errors.open"
    offers = ("mark.toggle", "instance.redrive", "instance.restart", "pane.next", "errors.all")
    BINDINGS = bindings(
        "row.open", "pane.next", "mark.toggle", "errors.all", "instance.restart", "instance.redrive"
    )

    def __init__(self, context: Context, chosen: Fingerprint | None = None) -> None:
        super().__init__(context)
        self._chosen = chosen
        """Where the cursor begins, if that is still there; else on the first."""
        self._of_group = GroupLines(context, LastLines(context, self, on_read=self.draw))
        self._versions = VersionShares(context)
        self._lines = 0
        """Of the groups, with their titles."""
        self._example = ExampleRoom(context)
        self._touched = False
        """A key was pressed here: until then the cursor stays on the largest group."""
        self._drawn_at = float("-inf")
        self._opened_at = context.clock()
        self._settled = False
        """The sample was read, or that takes long."""
        self._due: Timer | None = None
        """Draws what came too soon after a draw."""

    def compose(self) -> ComposeResult:
        context = self.context
        yield Header()
        yield TextLines(id="summary")
        yield GroupTable(clock=context.clock, utc=lambda: context.utc)
        yield TextLines(id="beside")
        yield OddTable(clock=context.clock)
        yield TextLines(id="example")
        yield self._example
        yield KeyBar(context.pages)

    @property
    def group_table(self) -> GroupTable:
        return self.query_one(GroupTable)

    @property
    def odd(self) -> OddTable:
        return self.query_one(OddTable)

    def on_mount(self) -> None:
        self.group_table.marked = self._is_marked
        self.group_table.focus()
        self.ask_anew()

    def ask_anew(self) -> None:
        self._want(True)
        if self.poller is not None:
            # Not those of some minutes ago: whoever opens the page wants to know what fails now.
            self.poller.error_samples.soon()
        self.draw()

    def on_unmount(self) -> None:
        self._want(False)

    def _want(self, wanted: bool) -> None:
        if self.poller is not None:
            self.poller.error_samples.wanted = self.poller.anomaly_reads.wanted = wanted

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def reopened_with(self) -> Sequence[Hashable]:
        return (self.group_table.cursor_key,)

    def key_pressed(self, key: str) -> None:
        super().key_pressed(key)
        self._touched = True

    def live(self, update: Update) -> None:
        since = self.context.clock() - self._drawn_at
        read, total = self.poller.error_samples.progress if self.poller is not None else (0, 0)
        if read >= total or not 0 <= since < _APART:
            self.draw()
        elif self._due is None:
            self._due = self.set_timer(_APART - since, self.draw)

    def tick(self, now: float) -> None:
        self.draw()

    def on_line_table_cursor_moved(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Draws all from what the poller holds; nothing is written where nothing differs."""
        poller = self.poller
        if poller is None or not self.is_ready:
            return
        self._drawn_at = self.context.clock()
        if self._due is not None:
            self._due.stop()
            self._due = None
        groups = poller.error_samples.failures.groups
        read, total = poller.error_samples.progress
        # Counted here alone, so that the headline and the versions below it say the same numbers.
        self._versions.count(poller.error_samples.compared)
        all_read = poller.error_samples.listing.is_listed and read >= total
        self._settled = self._settled or all_read or self._drawn_at - self._opened_at >= _ALL_SOON
        # How long a step takes is known of those that passed alone until some that failed were read.
        enough_read = all_read or read >= ENOUGH or bool(poller.error_samples.freshness.failure)
        oddities = poller.oddities() if enough_read else []
        said = self._headline(groups, read, total)
        self._draw_header(read, total)
        self._draw_summary(said, bool(groups))
        self.group_table.rows, self.group_table.unusual = groups, said.unusual
        self.group_table.message = self._nothing(read, total)
        before = self.group_table.cursor_key
        self.group_table.rows_changed()
        # A group that was repaired leaves, and what is left to repair is looked at from the largest on.
        begins = not self._touched and self.group_table.move_to_key(self._chosen)
        if not begins and (not self._touched or self.group_table.index_of(before) is None):
            self.group_table.move_to(0)
        self._draw_beside()
        self.odd.rows, self.odd.rests_on = oddities, self._checked()
        key_of = self.context.keys.key_of
        self.odd.hint = (
            f"{key_of('row.open')} opens it" if self.odd.has_focus else f"{key_of('pane.next')} goes here"
        )
        done, of = poller.anomaly_reads.progress
        none = ", none stuck so far" if done else ""
        if self.context.past is not None and done < of:
            none = ", none of them stuck" if done else ""
            none += "; the others were not read by then" if done else ", none was read by then"
        elif done < of and poller.budget.held_for:
            none += "; no reads for now"
        self.odd.message = f"{self.odd.rests_on}{none}"
        self.odd.rows_changed()
        self._share_out(len(groups), len(oddities))
        self._draw_in_full()

    @property
    def _in_full(self) -> bool:
        """Whether there is room for the example with its steps."""
        return self._settled and self.size.height >= _WIDE_OPEN and self.group_table.chosen is not None

    def _draw_in_full(self) -> None:
        group = self.group_table.chosen
        if group is None or not self._in_full:
            self._example.show(None)
            return
        sample = self._example.choose(group)
        self._example.show(sample.id)

    def _checked(self) -> str:
        """The sentence on how much was looked through for what is stuck."""
        poller = self.poller
        assert poller is not None
        done, of = poller.anomaly_reads.progress
        loaded = len(poller.store.active)
        counted = sum((poller.status_counts or {}).get(status, 0) for status in ACTIVE)
        # Loaded rows far below the newest may have ended since they were listed: the counts are younger.
        active = counted if counted and self.context.past is None else loaded
        if not loaded:
            return f"no active row is {'recorded by then' if poller.partial else 'loaded'}"
        among = f" of {count(active)} active" if active > of else ""
        if not of:
            return f"no row checked yet{among}"
        return f"{done} of {of} rows checked{among}"

    def _share_out(self, groups: int, oddities: int) -> None:
        """Shares the lines out: groups get what they need and only grow, what is odd gets the rest."""
        shown = self.query_one("#summary", TextLines), self.query_one("#beside", TextLines)
        room = self.size.height - 2 - sum(len(text.plain.split("\n")) for text in shown)
        # They never shrink, for then the table below would move under the hand that is about to press a key.
        odd = min(_LEAST_ODD, 1 + max(1, oddities))
        self.odd.styles.height = odd + 1 if self._in_full else "1fr"
        most = max(_LEAST_GROUPS, room - odd - (_IN_FULL if self._in_full else 0))
        self._lines = max(_LEAST_GROUPS, min(most, max(self._lines, 1 + groups)))
        self.group_table.styles.height = self._lines

    def _draw_header(self, read: int, total: int) -> None:
        poller, now = self.poller, self.context.clock()
        assert poller is not None
        listed = poller.error_samples.listing.is_listed
        errored = (poller.status_counts or {}).get("errored", 0)
        done = ["not listed yet · "]
        # What is read here may make the counts wait for their turn.
        old = now - poller.counted_at if poller.counted_at is not None else 0.0
        ago = f" {age(old)} ago" if old > _COUNTED and errored > read else ""
        if listed and read == total:
            done = [f"read {read} of {count(max(errored, read))} errored{ago} · "]
        elif listed:
            done = [f"read {read} of {total}"]
            # A server that tells no count, or an old one, would contradict what was read.
            in_all = [f"{done[0]}, {count(errored)} errored in all{ago} · "] if errored >= total else []
            done = [*in_all, f"{done[0]} · "]
        # They are not read as the others are, a moment later: without a word it would look as if it were
        # done.
        if refused := poller.error_samples.queue.refused:
            no_answer = f"{len(refused)} {poller.refusal(refused[0])} · "
            done = [*(f"{so_far}{no_answer}" for so_far in done), f"read {read} of {total} · {no_answer}"]
        style = PLAIN if listed and read == total else WARN
        longer, shorter = self._cost(total - read) if listed and read < total else ((), ())
        freshness = freshness_pieces(
            poller.newest.freshness,
            now=now,
            frozen=poller.frozen,
            slow="" if longer else poller.budget.slow("errors") or poller.budget.slow("list", after=5.0),
        )
        ways: list[Pieces] = [[(so_far, style), *longer, *words] for so_far in done for words in freshness]
        if shorter:
            # Where there is no room for both, how long it takes is worth more than how old the list is.
            ways += [[(f"read {read} of {total}", style), *shorter]]
        self.query_one(Header).tell(
            identity_of(self.context, poller.workflow),
            counts={},
            freshness=ways if poller.workflow else [[]],
            meter=meter_pieces(poller.budget),
        )

    def _cost(self, unread: int) -> tuple[Pieces, Pieces]:
        """What the rest takes, why that is long, and what ends it, in long words and in short ones.

        Nothing of what is over in a moment.
        """
        poller = self.poller
        assert poller is not None
        if poller.local or self.context.past is not None:
            return (), ()
        samples = poller.error_samples
        outlook = poller.budget.reads_take(samples.queue.share(unread), samples.purpose, at_a_time=1 + BESIDE)
        if outlook.seconds < _MOMENT and not outlook.slow:
            return (), ()
        takes, stop = estimated(outlook.seconds), self.context.keys.key_of("layer.close")
        # In a pause the top line says for how long, and that is the whole cause.
        is_slow = outlook.slow and poller.budget.frozen_until is None
        slow = [(f"slow: {clean(outlook.slow)} · ", WARN)] if is_slow else []
        brief = [(f" · slow: {clean(outlook.briefly)}", WARN)] if is_slow else []
        return (
            [(f"about {takes} · {stop} stops it · ", QUIET), *slow],
            [(f" · ~{takes}", QUIET), *brief, (f" · {stop} stops", QUIET)],
        )

    def _headline(self, groups: list[ErrorGroup], read: int, total: int) -> Headline:
        poller, context = self.poller, self.context
        assert poller is not None
        samples = poller.error_samples
        if not total and samples.listing.is_listed:
            errored = (poller.status_counts or {}).get("errored", 0)
            if errored and context.past is not None:
                of = f"{count(errored)} errored instances of {poller.workflow}"
                return Headline(f"none of the {of} was read by then: why they failed is not recorded")
            return Headline(f"no instance of {poller.workflow} is errored")
        counted, appeared = self._versions, poller.versions.appeared
        there = max(total, (poller.status_counts or {}).get("errored", 0)) if poller.partial else total
        evidence = Evidence(
            read,
            there,
            counted.shares,
            counted.rows,
            appeared,
            samples.since_found and not poller.partial,
            poller.partial and poller.newest.unbroken > context.clock() - _UNBROKEN,
            counted.trend(appeared),
        )
        return counted.headline(groups, evidence)

    def _draw_summary(self, headline: Headline, any_read: bool) -> None:
        """Draws the headline, bold and red only where it is unusual: a few failures are no incident."""
        style = BAD if headline.unusual else PLAIN if any_read else QUIET
        lines = wrapped(clean(headline.sentence), self.size.width - 2, _SUMMARY)
        shown: list[Pieces] = [[(" " + line, style)] for line in lines]
        only_listed = len(self.poller.error_samples.listing.only_listed) if self.poller is not None else 0
        if any_read and only_listed:
            # Not in any group: a group of those whose cause nobody knows would pass for a cause.
            among = counted(only_listed, "more was", "more were")
            words = f"{among} listed as errored and not read by then: in no group below"
            shown.append([(" " + fit(words, self.size.width - 2).rstrip(), WARN)])
        self.query_one("#summary", TextLines).show([*shown, []])

    def _draw_beside(self) -> None:
        """The group under the cursor by one example, and how the versions fare."""
        poller, group, width = self.poller, self.group_table.chosen, self.size.width
        assert poller is not None
        lines: list[Pieces] = [[]]
        if group is not None and self._settled:
            if self._in_full:
                lines += [*self._of_group.newest(group, width), []]
            else:
                is_roomy = self.size.height >= _ROOMY
                lines += [*self._of_group.example(poller, group, width, is_roomy=is_roomy), []]
        above = len(self.query_one("#summary", TextLines).plain.split("\n")) + max(_LEAST_GROUPS, self._lines)
        if versions := self._versions.lines(poller, self.size.width):
            # A title in the last line, without what it is of, says nothing.
            if self.size.height - 2 - above - len(lines) > 1:
                lines += [*versions, []]
        elif poller.filtered and group is not None:
            lines += [[("  VERSIONS are compared over a list without a filter", QUIET)], []]
        if group is not None and self._in_full:
            # Over its steps: a long timeline leaves no room under it, and the lines say why.
            sample = self._example.choose(group)
            self.query_one("#example", TextLines).show(self._of_group.printed(poller, sample, width))
        self.query_one("#example", TextLines).display = self._in_full
        self.query_one("#beside", TextLines).show(lines)

    def printed_by(self) -> tuple[str, str]:
        """The odd instance under the cursor, or the example of the group."""
        group = self.group_table.chosen
        if not self.odd.has_focus and group is not None:
            return self.target_workflow(), self._example.choose(group).id
        return super().printed_by()

    def _nothing(self, read: int, total: int) -> str:
        poller = self.poller
        if poller is None or poller.error_samples.freshness.failure:
            return poller.error_samples.freshness.failure if poller is not None else ""
        if not poller.workflow:
            return f"no workflow is chosen yet; {self.context.keys.key_of('workflows.open')} lists them"
        if poller.frozen and not poller.error_samples.listing.is_listed:
            thaw = self.context.keys.key_of("poll.freeze")
            return f"polling is frozen: {thaw} resumes it, then the errored instances are listed"
        if total > read:
            slow = poller.budget.slow("errors")
            stop = f"a request each, {self.context.keys.key_of('layer.close')} stops it"
            return f"reading {total - read} errored instances, {f'slow: {slow}' if slow else stop}"
        return "" if poller.error_samples.listing.is_listed else "loading the list of errored instances"

    # Actions.

    def action_pane_next(self) -> None:
        (self.odd if self.group_table.has_focus else self.group_table).focus()
        self.group_table.repaint()
        self.odd.repaint()

    def action_row_open(self) -> None:
        context, poller = self.context, self.poller
        if poller is None:
            return
        if self.odd.has_focus:
            if self.odd.chosen is not None and self.odd.chosen.id:
                # Over this page, where the other odd ones are: esc leads back to them.
                context.pages.open("detail", poller.workflow, self.odd.chosen.id)
        elif self.group_table.chosen is not None:
            context.pages.list_found(filter_for(self.group_table.chosen.fingerprint))

    def action_errors_all(self) -> None:
        self.context.pages.open("account_errors")

    def action_mark_toggle(self) -> None:
        group, rest = self.group_table.chosen, self.remainder()
        if group is None:
            return
        if self._is_marked(group):
            self.context.pages.listing.marks.unmark(sample.id for sample in group.samples)
            self.group_table.repaint()
        elif rest is not None:
            self.context.pages.open("read_all", "mark", rest, partial(self._mark, group.fingerprint))
        else:
            self._mark(group.fingerprint)

    def _mark(self, fingerprint: Fingerprint) -> None:
        ids = [row.id for row in self._rows_of(fingerprint)]
        listing = self.context.pages.listing
        self.context.notify(listing.mark_later(self.target_workflow(), ids))
        self.group_table.repaint()

    def _is_marked(self, group: ErrorGroup) -> bool:
        return all(sample.id in self.context.pages.listing.marks for sample in group.samples)

    def targets(self, most: int | None = None) -> list[Instance]:
        """Every instance of the group under the cursor that was read, or the odd one."""
        if self.poller is None:
            return []
        if self.odd.has_focus:
            row = self.poller.store.get(self.odd.chosen.id) if self.odd.chosen is not None else None
            return [row] if row is not None else []
        return self._rows_of(self.group_table.chosen.fingerprint) if self.group_table.chosen else []

    def _rows_of(self, fingerprint: Fingerprint) -> list[Instance]:
        """The rows of a fingerprint that were read, newest first."""
        poller = self.poller
        if poller is None:
            return []
        groups = poller.error_samples.failures.groups
        found = next((group for group in groups if group.fingerprint == fingerprint), None)
        rows = (poller.store.get(sample.id) for sample in (found.samples if found is not None else ()))
        return [row for row in rows if row is not None]

    def remainder(self) -> Remainder | None:
        group, poller = self.group_table.chosen, self.poller
        if group is None or poller is None or self.odd.has_focus:
            return None
        rest = ErroredRemainder(poller, lambda: len(self._rows_of(group.fingerprint)))
        return rest if rest.missing else None

    def all_read(self) -> Callable[[], list[Instance]]:
        group = self.group_table.chosen
        return partial(self._rows_of, group.fingerprint) if group is not None else list

    def target_workflow(self) -> str:
        return self.poller.workflow if self.poller is not None else ""
