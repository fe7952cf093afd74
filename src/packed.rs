//! Tables of names, packed at compile time: all text in one piece, and where each name ends.
//!
//! A `&'static str` in a table is sixteen bytes, and where a program may be loaded at any address
//! another twenty-four that say how to change them. Packed it is two.

/// A table of rows of `C` names.
pub(crate) struct Packed<const C: usize> {
    pub(crate) text: &'static str,
    /// Where each name ends in the text, row by row.
    pub(crate) ends: &'static [u16],
}

impl<const C: usize> Packed<C> {
    pub(crate) fn len(&self) -> usize {
        self.ends.len() / C
    }

    /// A row; empty names where there is none.
    pub(crate) fn row(&self, row: usize) -> [&'static str; C] {
        std::array::from_fn(|column| name(self.text, self.ends, row * C + column))
    }

    /// The row that begins with `key`, in a table that is sorted.
    pub(crate) fn find<const K: usize>(&self, key: [&str; K]) -> Option<[&'static str; C]> {
        self.place(key).map(|place| self.row(place))
    }

    /// The number of that row.
    pub(crate) fn place<const K: usize>(&self, key: [&str; K]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let row = (0..K).map(|column| name(self.text, self.ends, middle * C + column));
            match row.cmp(key) {
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

#[inline(never)]
fn name(text: &'static str, ends: &[u16], place: usize) -> &'static str {
    let end = |place: usize| ends.get(place).copied().unwrap_or_default().into();
    let start = place.checked_sub(1).map_or(0, end);
    text.get(start..end(place)).unwrap_or_default()
}

/// The bytes of all names.
pub(crate) const fn size<const C: usize>(rows: &[[&str; C]]) -> usize {
    let (mut size, mut row) = (0, 0);
    while row < rows.len() {
        let mut column = 0;
        while column < C {
            size += rows[row][column].len();
            column += 1;
        }
        row += 1;
    }
    assert!(size <= u16::MAX as usize, "ends are of sixteen bits");
    size
}

/// The text of all names, and where each ends.
pub(crate) const fn pack<const C: usize, const SIZE: usize, const ENDS: usize>(
    rows: &[[&str; C]],
) -> ([u8; SIZE], [u16; ENDS]) {
    let (mut text, mut ends) = ([0; SIZE], [0; ENDS]);
    let (mut at, mut row) = (0, 0);
    while row < rows.len() {
        let mut column = 0;
        while column < C {
            let name = rows[row][column].as_bytes();
            let mut byte = 0;
            while byte < name.len() {
                text[at] = name[byte];
                at += 1;
                byte += 1;
            }
            ends[row * C + column] = at as u16;
            column += 1;
        }
        row += 1;
    }
    (text, ends)
}

/// Packs a constant of type `&[[&str; C]]`.
macro_rules! packed {
    ($rows:expr; $columns:literal) => {{
        const PACKED_ROWS: &[[&str; $columns]] = $rows;
        const SIZE: usize = crate::packed::size(PACKED_ROWS);
        const PACKED: ([u8; SIZE], [u16; PACKED_ROWS.len() * $columns]) =
            crate::packed::pack(PACKED_ROWS);
        static TEXT: [u8; SIZE] = PACKED.0;
        static ENDS: [u16; PACKED_ROWS.len() * $columns] = PACKED.1;
        const TEXT_STR: &str = match std::str::from_utf8(&TEXT) {
            Ok(text) => text,
            Err(_) => "",
        };
        crate::packed::Packed::<$columns> { text: TEXT_STR, ends: &ENDS }
    }};
}

pub(crate) use packed;

#[cfg(test)]
mod tests {
    use super::Packed;

    const ROWS: &[[&str; 3]] = &[["", "a", "é"], ["b", "", ""], ["b", "c", "d"], ["ba", "", "x"]];
    static TABLE: Packed<3> = packed!(ROWS; 3);

    #[test]
    fn rows_are_as_they_were_written() {
        assert_eq!(TABLE.len(), ROWS.len());
        for (place, &row) in ROWS.iter().enumerate() {
            assert_eq!(TABLE.row(place), row);
        }
        assert_eq!(TABLE.row(ROWS.len()), [""; 3]);
    }

    #[test]
    fn a_row_is_found_by_its_first_names() {
        for &row in ROWS {
            assert_eq!(TABLE.find([row[0], row[1]]), Some(row));
        }
        for key in [["", ""], ["b", "d"], ["a", "a"], ["c", ""]] {
            assert_eq!(TABLE.find(key), None);
        }
    }
}
