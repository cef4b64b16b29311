"""What is wrong with the texts of a study, before anybody reads them."""

from collections.abc import Iterator, Mapping

import instructions
from instructions import fonts, screens
from study.classes import read_classes
from study.config.study import Study
from study.errors import ConfigError
from study.tools.suggesting import suggested


def findings(study: Study) -> Iterator[str]:
    """Yield what is wrong with the texts that a study may need, one sentence each.

    Yields what was found and what to do. All texts are filled in that a session may show, and the
    sheets of paper, but for those of a rehearsal, for which nobody signs.
    """
    own, language = study.texts_path, study.config.language
    if own is not None and not own.is_dir():
        yield instructions.no_folder(own)
        return
    if own is None and language not in instructions.languages():
        yield instructions.no_language(language)
        return
    files = {path.stem: path for path in instructions.own_files(own)}
    values = instructions.placeholders_of(study, n_classes=1)
    sheets = (*screens.ON_PAPER, *screens.of_sheet(study.config))
    on_paper = () if study.config.rehearsal else sheets
    needed = {*screens.of_study(study.config), *on_paper, *(files.keys() & instructions.names())}
    shown = {"the words of study.toml": " ".join(map(str, values.values()))}
    for name in sorted(needed):
        try:
            words = () if name in screens.PLAIN else values.keys() | screens.words_of(name)
            found = instructions.template(name, language, words, own=own)
        except ConfigError as error:
            yield str(error)
        else:
            shown |= {} if name in sheets else {f"text {name}.md": found}
    yield from _of_font(study, shown)
    for name in sorted(files.keys() - instructions.names()):
        meant = suggested(name, instructions.names())
        choice = f"did you mean {meant}.md?" if meant else ", ".join(sorted(instructions.names()))
        yield f"text {files[name]} is not used. Name it after the text that it replaces: {choice}"


def _of_font(study: Study, shown: Mapping[str, str]) -> Iterator[str]:
    """Yield what the font of the screens lacks, in texts by where they stand."""
    try:
        labels = read_classes(study.classes_path).avmit_labels
        font = fonts.find_font(study.config.screen.font)
    except ConfigError as error:
        yield str(error)
        return
    for where, found in {**shown, "the labels of the classes": " ".join(labels)}.items():
        try:
            fonts.require_characters(font, [found], where)
        except ConfigError as error:
            yield str(error)
