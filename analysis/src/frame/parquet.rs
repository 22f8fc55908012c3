//! Columns as a Parquet file.

use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};

/// A column to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Words.
    Words(Vec<Option<String>>),
    /// Whole numbers.
    Counts(Vec<Option<u64>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
}

/// The file's bytes; the same columns always give the same.
pub fn parquet(columns: Vec<(String, Values)>) -> PolarsResult<Vec<u8>> {
    let columns: Vec<Column> = (columns.into_iter())
        .map(|(name, values)| match values {
            Values::Words(values) => Column::new(name.into(), values),
            Values::Counts(values) => Column::new(name.into(), values),
            Values::Numbers(values) => Column::new(name.into(), values),
        })
        .collect();
    let mut frame = DataFrame::new_infer_height(columns)?;
    let mut bytes = Vec::new();
    // Snappy is what every reader knows, and small tables gain nothing from better.
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .set_parallel(false)
        .finish(&mut frame)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use polars_io::SerReader as _;
    use polars_io::parquet::read::ParquetReader;

    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_always_the_same() {
        let columns = vec![
            (
                "arm".to_owned(),
                Values::Words(vec![Some("a".to_owned()), None]),
            ),
            ("blocks".to_owned(), Values::Counts(vec![Some(7), None])),
            ("ratio".to_owned(), Values::Numbers(vec![None, Some(0.5)])),
        ];
        let bytes = parquet(columns.clone()).unwrap();
        assert_eq!(bytes, parquet(columns).unwrap());
        let frame = ParquetReader::new(std::io::Cursor::new(bytes))
            .finish()
            .unwrap();
        assert_eq!(frame.shape(), (2, 3));
        let counts = frame.column("blocks").unwrap().u64().unwrap();
        assert_eq!(counts.get(0), Some(7));
        let ratios = frame.column("ratio").unwrap().f64().unwrap();
        assert_eq!((ratios.get(0), ratios.get(1)), (None, Some(0.5)));
    }
}
