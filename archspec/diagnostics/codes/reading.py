"""The codes of what keeps a file from being read, and of comments: E0 and W0."""

from archspec.diagnostics.codes.model import Code, spec, vector

_SPEC = spec("  - relu\n")

CODES: dict[str, Code] = {
    "E001": Code(
        "the file cannot be read",
        "The path does not exist, is a directory, or may not be read. The exit code is 3. Paths "
        "are relative to the folder that you are in; `archspec list` shows the specs that are "
        "known by name.",
    ),
    "E002": Code(
        "the file is not text",
        "A spec is UTF-8 text. This file holds bytes or control characters that are not; it may "
        "be another kind of file, or be saved in an old encoding. Save it as UTF-8 in your editor, "
        "and delete the character that the message points at.",
        _SPEC.replace("example", "exam\x01ple"),
        _SPEC,
    ),
    "E003": Code(
        "the file is empty",
        "Nothing stands in it, or only comments. A spec needs at least a name, inputs and layers.",
        "# nothing\n",
        _SPEC,
    ),
    "E004": Code(
        "the file is not YAML",
        "The YAML parser stopped here: a bracket or quote that is not closed, a tab, wrong "
        "indentation. The cause may be a little before the place where it stopped.",
        _SPEC.replace("8]}", "8]"),
        _SPEC,
    ),
    "E005": Code(
        "a key is given twice",
        "YAML readers often keep the last value in silence; archspec does not guess. Keep one of "
        "the two; where the keys are those of layers, each layer needs a `-` of its own.",
        spec("  - relu\n", "name: other\n"),
        _SPEC,
    ),
    "E006": Code(
        "a part of YAML that the language leaves out",
        "Anchors, aliases, tags, merge keys and several documents are not part of the language. "
        "A value that is needed twice is a parameter, and layers that are needed twice are a "
        "block with parameters (`archspec explain blocks`).",
        vector("  - linear: &units 8\n  - relu\n  - linear: *units\n"),
        vector("  - linear: =units\n  - relu\n  - linear: =units\n", "params: {units: 8}\n"),
    ),
    "E007": Code(
        "a key without a value",
        "Inside { } every key needs a value. Mostly a formula with a comma lacks its quotes, or a "
        "colon lacks the space after it.",
        spec("  - conv2d: {out_channels: =max(1, 2), kernel_size: 3}\n"),
        spec('  - conv2d: {out_channels: "=max(1, 2)", kernel_size: 3}\n'),
    ),
    "E008": Code(
        "too large",
        "The file, its nesting or the network it describes is beyond what networks written by "
        "people need: by default 4 MiB and 200,000 values in a file, 128 levels, 1,000 files (32 "
        "in a row), 20,000 layers, 100 mistakes. Mostly a number is wrong; otherwise each limit "
        "can be raised with the flag that the message names (`archspec explain limits`).",
        spec("  - tanh: {repeat: 20000}\n  - tanh: {repeat: 20000}\n"),
        spec("  - tanh: {repeat: 2}\n  - tanh: {repeat: 2}\n"),
    ),
    "E009": Code(
        "a file outside of the project",
        "`extends`, `include` and `use` name files by paths that are relative to the file they "
        "stand in. Files outside of the project (the folder with .git or pyproject.toml above "
        "the spec, or else the spec's own) are read with --allow-outside only. Copy the file into "
        "the project, or name a spec that ships with archspec.",
        spec("  - use: ../../../../../../lenet5.yaml\n", inputs="{image: [1, 32, 32]}"),
        spec("  - use: lenet5\n", inputs="{image: [1, 32, 32]}"),
    ),
    "W001": Code(
        "a comment that names no warning",
        "`# archspec: ignore[W204]` at the end of a line silences a warning for all that points at "
        "the line, and `# archspec: ignore-file[W204]` anywhere in a file for the file. Each names "
        "the warnings, separated by commas; errors cannot be ignored. A warning that is named may "
        "well not occur: what one variant has, another has not.",
        spec("  - relu # archspec: ignore\n"),
        spec("  - relu # archspec: ignore[W206]\n"),
    ),
    "E900": Code(
        "an internal error",
        "A fault of archspec, not of the spec. The traceback is in the file that the message "
        "names: please report it and attach that file. The exit code is 70.",
    ),
}
