//! Rows in columns, as a terminal shows them.

/// Returns rows with their columns one below the other; the last is as wide as it is.
pub fn in_columns(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter(|row| row.len() > column + 1);
        cells.map(|row| row[column].chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(&printable(cell));
            let used = cell.chars().count();
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(used) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What others have written may not move the cursor.
fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_control_characters_nowhere() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
        let rows = [row(&["a", "ünï", "x"]), row(&["long", "b\u{1b}"]), row(&["", "", "end "])];
        assert_eq!(in_columns(&rows), "a     ünï  x\nlong  b\n           end\n");
        assert_eq!(in_columns(&[]), "");
    }
}
