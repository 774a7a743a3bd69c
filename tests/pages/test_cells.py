"""Lists on a phone: what each cell says of itself."""

from markupsafe import Markup

from milepost.pages import cells


def test_each_cell_has_the_label_of_its_column():
    labels = cells.labels(["Name", ('Grade "so far" & more', "number"), ""])
    row = Markup(
        '<th scope="row"><a href="/x">Ann</a></th>\n<td class="number">1<br>2</td><td></td>'
    )
    assert cells.labelled(row, labels) == (
        '<th scope="row"><a href="/x">Ann</a></th>\n'
        '<td data-label="Grade &#34;so far&#34; &amp; more" class="number">1<br>2</td><td></td>'
    )


def test_more_cells_than_columns_stay_as_they_are():
    row = Markup("<td>1</td><td>2</td>")
    assert cells.labelled(row, cells.labels(["A"])) == '<td data-label="A">1</td><td>2</td>'
