"""The title of what is drawn of the workflow under the cursor: what its numbers rest on."""

from wfdash.core.history.frame import frame
from wfdash.core.history.picture import picture
from wfdash.core.model.instance import Instance
from wfdash.core.model.workflow import Workflow
from wfdash.ui.history.counting import LoadedHistory
from wfdash.ui.workflows.preview import Preview

NOW = 1_795_900_000.0


def test_title_says_within_what_time_open_ones_were_read():
    rows = [
        Instance(f"o-{n}", "running", NOW - 900, NOW - 900, NOW - 900, seen=NOW - 200) for n in range(793)
    ]
    loaded = LoadedHistory(frame(0, NOW, 60), local=False, retention=None)
    loaded.add(rows, walked=True)
    preview = Preview(Workflow("orders"), picture(rows, now=NOW, floor=NOW - 3600), loaded, "", NOW, utc=True)
    title = "".join(text for text, _ in preview.title(80, NOW - 3600))
    assert "· newest 793, open ones read within 4 m, drawn since 20:06 ──" in title
