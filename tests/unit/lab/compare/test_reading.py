"""Tables of answers: ours, other people's, and what is wrong with them."""

import pytest

from lab.compare.reading import read_responses
from study.errors import StudyError

HEADING = "observer,condition,clip,label,response"
MVH = "subj,Session,trial,rt,object_response,category,condition,imagename"


def table(folder, text, name="answers.csv"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mvh(folder, experiment, who, rows):
    lines = [
        f"{who},1,{i},NaN,{answer},{label},{condition},000{i}_x_{tag}_{condition}_{label}_10_{image}"
        for i, (answer, label, condition, image, tag) in enumerate(rows, start=1)
    ]
    name = f"{experiment}/{experiment}_{who}_session_1.csv"
    return table(folder, "\n".join([MVH, *lines]), name)


def test_our_own_columns_need_no_names(tmp_path):
    people = table(tmp_path, f"{HEADING}\nP01,noisy,a.mp4,barking,diving\n")
    responses = read_responses([people], [])
    (row,) = responses.rows.to_dict("records")
    assert (row["group"], row["observer"], row["clip"]) == ("people", "P01", "a.mp4")
    assert responses.classes == ("barking", "diving")
    assert row["modality"] == "audiovisual"


def test_columns_of_others_are_named(tmp_path):
    people = table(tmp_path, "who,what,file,truth,said\nA,c,1,x,y\n")
    names = {"observer": "who", "condition": "what", "clip": "file", "label": "truth"}
    responses = read_responses([people], [], columns=names | {"response": "said"})
    assert responses.rows[["observer", "response"]].to_numpy().tolist() == [["A", "y"]]


def test_networks_bring_probabilities_in_the_order_of_the_classes(tmp_path):
    networks = table(
        tmp_path,
        "network,condition,source,label,predicted,p_diving,p_barking\nGRU,c,a,diving,diving,.75,.25\n",
    )
    responses = read_responses([], [networks])
    assert responses.classes == ("barking", "diving")
    assert responses.probabilities.tolist() == [[0.25, 0.75]]


def test_a_table_without_observers_is_one_observer_by_its_name(tmp_path):
    networks = table(tmp_path, "filename,label,predicted\na,x,y\n", "GRU_seed1.csv")
    rows = read_responses([], [networks]).rows
    assert rows["observer"].tolist() == ["GRU_seed1"]
    assert rows["condition"].tolist() == ["all"]


def test_files_of_model_vs_human_are_read_as_they_are(tmp_path):
    mvh(tmp_path, "colour", "subject-01", [("na", "oven", "cr", "n01_1.png", "s01")])
    mvh(tmp_path, "colour", "resnet50", [("car", "oven", "cr", "n01_1.png", "dnn")])
    rows = read_responses([tmp_path / "colour"], [tmp_path / "colour"]).rows
    assert rows["observer"].tolist() == ["subject-01", "resnet50"]
    assert rows["group"].tolist() == ["people", "networks"]
    assert rows["clip"].nunique() == 1
    assert rows["response"].tolist() == ["", "car"]


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("0001_cl_s01_cr_oven_40_n04111531_14126.png", "n04111531_14126.png"),
        ("0001_cl_dnn_cr_oven_40_n04111531_14126.png", "n04111531_14126.png"),
        ("0795_ske_s01_0_cat_00_cat-0302-sketch-6.png", "cat-0302-sketch-6.png"),
        ("truck9-boat3.png", "truck9-boat3.png"),
        ("barking_01.mp4", "barking_01.mp4"),
    ],
)
def test_an_image_of_model_vs_human_has_one_name(tmp_path, name, image):
    people = table(tmp_path, f"{MVH}\nsubject-01,1,1,NaN,car,oven,0,{name}\n")
    assert read_responses([people], []).rows["clip"].tolist() == [image]


def test_people_of_two_experiments_of_model_vs_human_are_not_the_same(tmp_path):
    rows = [("oven", "oven", "0", "n01_1.png", "s01")]
    for experiment in ("colour", "sketch"):
        mvh(tmp_path, experiment, "subject-01", rows)
        mvh(tmp_path, experiment, "resnet50", [("car", "oven", "0", "n01_1.png", "dnn")])
    folders = [tmp_path / "colour", tmp_path / "sketch"]
    found = read_responses(folders, folders).rows
    assert sorted(found["condition"].unique()) == ["colour 0", "sketch 0"]
    assert sorted(found["observer"].unique()) == [
        "colour subject-01", "resnet50", "sketch subject-01",
    ]  # fmt: skip


def test_a_table_of_conditions_says_what_they_are(tmp_path):
    people = table(tmp_path, f"{HEADING}\nP01,a,1,x,x\nP01,late,1,x,y\nP01,other,1,x,y\n")
    said = table(tmp_path, "condition,modality,asynchrony_ms\na,audio,\nlate,,200\n", "said.csv")
    rows = read_responses([people], [], conditions=said).rows
    assert rows["modality"].tolist() == ["audio", "audiovisual", "audiovisual"]
    assert rows["asynchrony_ms"].fillna(-1).tolist() == [-1, 200, -1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("observer,clip,label\nP,1,x\n", "no column for response"),
        (f"{HEADING}\n", "has no rows"),
        (f"{HEADING}\nP,c,1,x,y\nP,c,1,x,x\n", "answered 1 twice"),
        (f"{HEADING}\n,c,1,x,y\n", "observer is empty in row 1"),
        (f"{HEADING}\nP,c,1,,y\n", "no row has a label"),
        (f"{HEADING}\nP,c,1,x,x\n", "have 1 class, "),
        (f"{HEADING},modality\nP,c,1,x,y,smell\n", "no modality 'smell'"),
        (f"{HEADING},asynchrony_ms\nP,c,1,x,y,soon\n", "'soon'"),
        (f"{HEADING},asynchrony_ms\nP,c,1,x,y,inf\n", "'inf'"),
        (f"{HEADING},p_x,p_y\nP,c,1,x,y,.5,.6\n", "sum to 1"),
        (f"{HEADING},p_x,p_y\nP,c,1,x,y,1.5,-.5\n", "sum to 1"),
        (f"{HEADING},p_x,p_y\nP,c,1,x,y,1,\n", "sum to 1"),
        (f"{HEADING}\nP,c,1,x,y\nQ,c,1,y,y\n", "several labels"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path, text, reason):
    with pytest.raises(StudyError, match=reason):
        read_responses([table(tmp_path, text)], [])


def test_nothing_to_compare_is_refused(tmp_path):
    with pytest.raises(StudyError, match="nothing to compare"):
        read_responses([], [])
    with pytest.raises(StudyError, match="no CSV file"):
        read_responses([tmp_path], [])


def test_a_folder_without_people_is_refused(tmp_path):
    mvh(tmp_path, "colour", "resnet50", [("car", "oven", "0", "n01_1.png", "dnn")])
    with pytest.raises(StudyError, match="answers of people"):
        read_responses([tmp_path / "colour"], [])


def test_a_column_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(StudyError, match="--column clip="):
        read_responses([table(tmp_path, f"{HEADING}\nP,c,1,x,y\n")], [], columns={"clip": "file"})


def test_a_condition_in_which_nobody_answered_and_a_network_called_people_are_refused(tmp_path):
    answers = table(tmp_path, f"{HEADING}\npeople,c,a,x,y\n")
    conditions = table(tmp_path, "condition,modality\nC,audio\n", "conditions.csv")
    with pytest.raises(StudyError, match="the condition 'C', in which nobody answered; there are "):
        read_responses([answers], [], conditions=conditions)
    with pytest.raises(StudyError, match="a network is called 'people'"):
        read_responses([], [answers])


def test_a_file_without_a_byte_says_that_it_has_no_heading(tmp_path):
    with pytest.raises(StudyError, match="has no heading"):
        read_responses([table(tmp_path, "")], [])
