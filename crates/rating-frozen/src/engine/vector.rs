//! Vectors of single-precision numbers: what an instruction set must offer
//! for the kernels to be written once.

/// `LANES` numbers that one instruction works on.
///
/// # Safety
/// Every function may be called only on a processor that has the
/// implementation's instructions, and only from functions compiled for them
/// (`kernels.rs` sees to both). Pointers must be valid for `LANES` values; they
/// need no alignment.
pub(super) unsafe trait Vector: Copy {
    /// Numbers in a vector: 1, 8 or 16.
    const LANES: usize;
    /// A choice of lanes.
    type Mask: Copy;

    /// The same number in every lane.
    unsafe fn splat(value: f32) -> Self;
    /// `LANES` numbers in a row.
    unsafe fn load(from: *const f32) -> Self;
    /// Writes `LANES` numbers in a row.
    unsafe fn store(self, to: *mut f32);
    /// The sum, lane by lane.
    unsafe fn add(self, other: Self) -> Self;
    /// The difference, lane by lane.
    unsafe fn sub(self, other: Self) -> Self;
    /// The product, lane by lane.
    unsafe fn mul(self, other: Self) -> Self;
    /// `self + a * b`; rounded once where the instruction set can.
    unsafe fn plus_product(self, a: Self, b: Self) -> Self;
    /// The larger, lane by lane; `other` where one is not a number.
    unsafe fn max(self, other: Self) -> Self;
    /// The lanes that are greater than those of `other`.
    unsafe fn greater(self, other: Self) -> Self::Mask;
    /// The lanes that are greater than those of `other`, or not a number.
    unsafe fn greater_or_nan(self, other: Self) -> Self::Mask;
    /// The lanes that equal those of `other`.
    unsafe fn equal(self, other: Self) -> Self::Mask;
    /// Zero in the lanes that are not chosen.
    unsafe fn keep(self, chosen: Self::Mask) -> Self;
    /// The lanes of `other` that are chosen, these where not.
    unsafe fn replace(self, chosen: Self::Mask, other: Self) -> Self;
    /// A choice as bits: bit `i` is lane `i`.
    unsafe fn to_bits(chosen: Self::Mask) -> u16;
    /// Bits as a choice.
    unsafe fn from_bits(bits: u16) -> Self::Mask;
    /// Small whole numbers (0 to 255) as one byte each.
    unsafe fn store_bytes(self, to: *mut u8);
    /// Bytes as numbers.
    unsafe fn load_bytes(from: *const u8) -> Self;
    /// 16-bit floats, little-endian; the pointer is valid for two bytes a lane.
    unsafe fn load_halves(from: *const u8) -> Self;
    /// Turns rows into columns: lane `j` of row `i` becomes lane `i` of row `j`.
    /// Only the first `LANES` rows are of account.
    unsafe fn transpose(rows: &mut [Self; 16]);

    /// Zero in every lane.
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the same promise.
        unsafe { Self::splat(0.0) }
    }

    /// Writes a bit per lane among the bits of all channels; the first lane is
    /// channel `channel`.
    #[inline(always)]
    unsafe fn store_bits(bits: u16, all: *mut u8, channel: usize) {
        let bytes = bits.to_le_bytes();
        // SAFETY: the caller's pointer is valid for a bit per channel.
        unsafe {
            let to = all.add(channel / 8);
            *to = bytes[0];
            if Self::LANES == 16 {
                *to.add(1) = bytes[1];
            }
        }
    }

    /// Reads a bit per lane.
    #[inline(always)]
    unsafe fn load_bits(all: *const u8, channel: usize) -> u16 {
        // SAFETY: the caller's pointer is valid for a bit per channel.
        unsafe {
            let from = all.add(channel / 8);
            let high = if Self::LANES == 16 { *from.add(1) } else { 0 };
            u16::from_le_bytes([*from, high])
        }
    }
}

/// Eight numbers in an array: whatever instructions the compiler finds for it.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 8]);

impl Portable {
    #[inline(always)]
    fn lanes(value: impl Fn(usize) -> f32) -> Portable {
        let mut lanes = [0.0; 8];
        for (lane, to) in lanes.iter_mut().enumerate() {
            *to = value(lane);
        }
        Portable(lanes)
    }

    #[inline(always)]
    fn chosen(holds: impl Fn(usize) -> bool) -> [bool; 8] {
        let mut lanes = [false; 8];
        for (lane, to) in lanes.iter_mut().enumerate() {
            *to = holds(lane);
        }
        lanes
    }
}

// SAFETY: plain arithmetic, which every processor has.
unsafe impl Vector for Portable {
    const LANES: usize = 8;
    type Mask = [bool; 8];

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Portable([value; 8])
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid for 8 values.
        Portable(unsafe { from.cast::<[f32; 8]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's pointer is valid for 8 values.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Portable::lanes(|lane| self.0[lane] + other.0[lane])
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Portable::lanes(|lane| self.0[lane] - other.0[lane])
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Portable::lanes(|lane| self.0[lane] * other.0[lane])
    }

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        // Not `mul_add`: without the instruction it is a call for each lane.
        Portable::lanes(|lane| self.0[lane] + a.0[lane] * b.0[lane])
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Portable::lanes(
            |lane| {
                if self.0[lane] > other.0[lane] { self.0[lane] } else { other.0[lane] }
            },
        )
    }

    #[inline(always)]
    unsafe fn greater(self, other: Self) -> [bool; 8] {
        Portable::chosen(|lane| self.0[lane] > other.0[lane])
    }

    #[inline(always)]
    unsafe fn greater_or_nan(self, other: Self) -> [bool; 8] {
        Portable::chosen(|lane| self.0[lane] > other.0[lane] || self.0[lane].is_nan())
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> [bool; 8] {
        Portable::chosen(|lane| self.0[lane] == other.0[lane])
    }

    #[inline(always)]
    unsafe fn keep(self, chosen: [bool; 8]) -> Self {
        Portable::lanes(|lane| if chosen[lane] { self.0[lane] } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn replace(self, chosen: [bool; 8], other: Self) -> Self {
        Portable::lanes(|lane| if chosen[lane] { other.0[lane] } else { self.0[lane] })
    }

    #[inline(always)]
    unsafe fn to_bits(chosen: [bool; 8]) -> u16 {
        (0..8).fold(0, |bits, lane| bits | (u16::from(chosen[lane]) << lane))
    }

    #[inline(always)]
    unsafe fn from_bits(bits: u16) -> [bool; 8] {
        Portable::chosen(|lane| bits >> lane & 1 == 1)
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        let bytes = self.0.map(|value| value as u8);
        // SAFETY: the caller's pointer is valid for 8 bytes.
        unsafe { to.cast::<[u8; 8]>().write_unaligned(bytes) }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        // SAFETY: the caller's pointer is valid for 8 bytes.
        let bytes = unsafe { from.cast::<[u8; 8]>().read_unaligned() };
        Portable(bytes.map(f32::from))
    }

    #[inline(always)]
    unsafe fn load_halves(from: *const u8) -> Self {
        // SAFETY: the caller's pointer is valid for 8 pairs of bytes.
        let halves = unsafe { from.cast::<[[u8; 2]; 8]>().read_unaligned() };
        Portable(halves.map(|bytes| half::f16::from_le_bytes(bytes).to_f32()))
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        let before = *rows;
        for (lane, row) in rows.iter_mut().enumerate().take(8) {
            *row = Portable::lanes(|at| before[at].0[lane]);
        }
    }
}

/// One number: the plain twin of all others.
// SAFETY: plain arithmetic, which every processor has.
unsafe impl Vector for f32 {
    const LANES: usize = 1;
    type Mask = bool;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        value
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's pointer is valid.
        unsafe { *from }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's pointer is valid.
        unsafe { *to = self }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self + other
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self - other
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self * other
    }

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        self + a * b
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    unsafe fn greater(self, other: Self) -> bool {
        self > other
    }

    #[inline(always)]
    unsafe fn greater_or_nan(self, other: Self) -> bool {
        self > other || self.is_nan()
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> bool {
        self == other
    }

    #[inline(always)]
    unsafe fn keep(self, chosen: bool) -> Self {
        if chosen { self } else { 0.0 }
    }

    #[inline(always)]
    unsafe fn replace(self, chosen: bool, other: Self) -> Self {
        if chosen { other } else { self }
    }

    #[inline(always)]
    unsafe fn to_bits(chosen: bool) -> u16 {
        u16::from(chosen)
    }

    #[inline(always)]
    unsafe fn from_bits(bits: u16) -> bool {
        bits == 1
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        // SAFETY: the caller's pointer is valid.
        unsafe { *to = self as u8 }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        // SAFETY: the caller's pointer is valid.
        f32::from(unsafe { *from })
    }

    #[inline(always)]
    unsafe fn store_bits(bits: u16, all: *mut u8, channel: usize) {
        let bit = (bits as u8) << (channel % 8);
        // SAFETY: the caller's pointer is valid for a bit per channel.
        unsafe {
            let to = all.add(channel / 8);
            *to = *to & !(1 << (channel % 8)) | bit;
        }
    }

    #[inline(always)]
    unsafe fn load_bits(all: *const u8, channel: usize) -> u16 {
        // SAFETY: the caller's pointer is valid for a bit per channel.
        u16::from(unsafe { *all.add(channel / 8) } >> (channel % 8) & 1)
    }

    #[inline(always)]
    unsafe fn load_halves(from: *const u8) -> Self {
        // SAFETY: the caller's pointer is valid for two bytes.
        half::f16::from_le_bytes(unsafe { from.cast::<[u8; 2]>().read_unaligned() }).to_f32()
    }

    #[inline(always)]
    unsafe fn transpose(_rows: &mut [Self; 16]) {}
}
