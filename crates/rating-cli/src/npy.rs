//! Arrays as NumPy's `.npy` files: `numpy.load` reads them.

/// The file of an array of 32-bit floats, the last side running fastest.
///
/// Format 1.0: a magic word, the length of a header, the header (a Python
/// dictionary, padded so that data begin at a multiple of 64 bytes), the data,
/// little-endian.
pub fn encode(shape: &[usize], values: &[f32]) -> Vec<u8> {
    debug_assert_eq!(shape.iter().product::<usize>(), values.len(), "values fill the shape");
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let mut header =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
    let before = MAGIC.len() + 2;
    while !(before + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    // A shape of few sides keeps the header far below 65,536 bytes.
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

const MAGIC: &[u8] = b"\x93NUMPY\x01\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_numpy_writes_it() {
        // numpy.save of numpy.array([[1, 2, 3], [4, 5, 6]], dtype="<f4")
        let bytes = encode(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        let header = std::str::from_utf8(&bytes[10..128]).unwrap();
        let expected = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3,), }";
        assert_eq!(header.trim_end(), expected);
        assert!(header.ends_with(" \n"));
        assert_eq!(bytes[128..132], 1.0_f32.to_le_bytes());
        assert_eq!(bytes.len(), 128 + 24);
    }
}
