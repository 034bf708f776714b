"""Release, judge and grade notebooks of an NLP course in nbgrader, otter-grader and Gradescope."""

import sys

# jsonschema takes a grammar of internationalised addresses from this package where it can be imported, and parses it for a
# second in every process that opens a notebook. No notebook's schema has such addresses.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
