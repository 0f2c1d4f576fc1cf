//! Vectors of x86-64 processors: AVX-512, and AVX2 with FMA and F16C.

use std::arch::x86_64::*;

use super::vector::Vector;

/// Sixteen numbers: AVX-512 (F, BW, DQ, VL).
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

// SAFETY: every function passes on its caller's promise to have AVX-512.
unsafe impl Vector for Avx512 {
    const LANES: usize = 16;
    type Mask = __mmask16;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { Avx512(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Avx512(_mm512_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm512_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        unsafe { Avx512(_mm512_fmadd_ps(a.0, b.0, self.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Avx512(_mm512_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn greater(self, other: Self) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn greater_or_nan(self, other: Self) -> __mmask16 {
        unsafe { self.greater(other) | _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0) }
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn keep(self, chosen: __mmask16) -> Self {
        unsafe { Avx512(_mm512_maskz_mov_ps(chosen, self.0)) }
    }

    #[inline(always)]
    unsafe fn replace(self, chosen: __mmask16, other: Self) -> Self {
        unsafe { Avx512(_mm512_mask_mov_ps(self.0, chosen, other.0)) }
    }

    #[inline(always)]
    unsafe fn to_bits(chosen: __mmask16) -> u16 {
        chosen
    }

    #[inline(always)]
    unsafe fn from_bits(bits: u16) -> __mmask16 {
        bits
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        unsafe {
            let bytes = _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(self.0));
            _mm_storeu_si128(to.cast(), bytes);
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        unsafe {
            let bytes = _mm_loadu_si128(from.cast());
            Avx512(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)))
        }
    }

    #[inline(always)]
    unsafe fn load_halves(from: *const u8) -> Self {
        unsafe { Avx512(_mm512_cvtph_ps(_mm256_loadu_si256(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        unsafe {
            // Within each quarter of 4 lanes: pairs of rows, then fours.
            let mut pairs = [_mm512_setzero_ps(); 16];
            for first in (0..16).step_by(2) {
                pairs[first] = _mm512_unpacklo_ps(rows[first].0, rows[first + 1].0);
                pairs[first + 1] = _mm512_unpackhi_ps(rows[first].0, rows[first + 1].0);
            }
            let mut fours = [_mm512_setzero_ps(); 16];
            for first in (0..16).step_by(4) {
                for half in 0..2 {
                    let low = _mm512_castps_pd(pairs[first + half]);
                    let high = _mm512_castps_pd(pairs[first + 2 + half]);
                    let at = first + 2 * half;
                    fours[at] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                    fours[at + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
                }
            }
            // fours[4 g + c] holds, for rows 4 g to 4 g + 3, columns c, 4 + c,
            // 8 + c and 12 + c in its quarters: gather the quarters.
            for at in 0..4 {
                let [a, b, c, d] = [fours[at], fours[4 + at], fours[8 + at], fours[12 + at]];
                let even_low = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let even_high = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
                let odd_low = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                let odd_high = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
                rows[at] = Avx512(_mm512_shuffle_f32x4::<0b10_00_10_00>(even_low, even_high));
                rows[4 + at] = Avx512(_mm512_shuffle_f32x4::<0b10_00_10_00>(odd_low, odd_high));
                rows[8 + at] = Avx512(_mm512_shuffle_f32x4::<0b11_01_11_01>(even_low, even_high));
                rows[12 + at] = Avx512(_mm512_shuffle_f32x4::<0b11_01_11_01>(odd_low, odd_high));
            }
        }
    }
}

/// Eight numbers: AVX2, FMA and F16C.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

// SAFETY: every function passes on its caller's promise to have AVX2, FMA
// and F16C.
unsafe impl Vector for Avx2 {
    const LANES: usize = 8;
    type Mask = __m256;

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        unsafe { Avx2(_mm256_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Avx2(_mm256_loadu_ps(from)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn plus_product(self, a: Self, b: Self) -> Self {
        unsafe { Avx2(_mm256_fmadd_ps(a.0, b.0, self.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Avx2(_mm256_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn greater(self, other: Self) -> __m256 {
        unsafe { _mm256_cmp_ps::<_CMP_GT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn greater_or_nan(self, other: Self) -> __m256 {
        unsafe {
            let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.0);
            _mm256_or_ps(self.greater(other), nan)
        }
    }

    #[inline(always)]
    unsafe fn equal(self, other: Self) -> __m256 {
        unsafe { _mm256_cmp_ps::<_CMP_EQ_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    unsafe fn keep(self, chosen: __m256) -> Self {
        unsafe { Avx2(_mm256_and_ps(self.0, chosen)) }
    }

    #[inline(always)]
    unsafe fn replace(self, chosen: __m256, other: Self) -> Self {
        unsafe { Avx2(_mm256_blendv_ps(self.0, other.0, chosen)) }
    }

    #[inline(always)]
    unsafe fn to_bits(chosen: __m256) -> u16 {
        unsafe { _mm256_movemask_ps(chosen) as u16 }
    }

    #[inline(always)]
    unsafe fn from_bits(bits: u16) -> __m256 {
        unsafe {
            let lanes = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
            let set = _mm256_and_si256(_mm256_set1_epi32(i32::from(bits)), lanes);
            _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, lanes))
        }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8) {
        unsafe {
            let wide = _mm256_cvttps_epi32(self.0);
            let low = _mm256_castsi256_si128(wide);
            let words = _mm_packus_epi32(low, _mm256_extracti128_si256::<1>(wide));
            _mm_storel_epi64(to.cast(), _mm_packus_epi16(words, words));
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(from: *const u8) -> Self {
        unsafe {
            let bytes = _mm_loadl_epi64(from.cast());
            Avx2(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)))
        }
    }

    #[inline(always)]
    unsafe fn load_halves(from: *const u8) -> Self {
        unsafe { Avx2(_mm256_cvtph_ps(_mm_loadu_si128(from.cast()))) }
    }

    #[inline(always)]
    unsafe fn transpose(rows: &mut [Self; 16]) {
        unsafe {
            // Within each half of 4 lanes: pairs of rows, then fours.
            let mut pairs = [_mm256_setzero_ps(); 8];
            for first in (0..8).step_by(2) {
                pairs[first] = _mm256_unpacklo_ps(rows[first].0, rows[first + 1].0);
                pairs[first + 1] = _mm256_unpackhi_ps(rows[first].0, rows[first + 1].0);
            }
            let mut fours = [_mm256_setzero_ps(); 8];
            for first in (0..8).step_by(4) {
                for half in 0..2 {
                    let low = _mm256_castps_pd(pairs[first + half]);
                    let high = _mm256_castps_pd(pairs[first + 2 + half]);
                    let at = first + 2 * half;
                    fours[at] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
                    fours[at + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
                }
            }
            for at in 0..4 {
                let (low, high) = (fours[at], fours[4 + at]);
                rows[at] = Avx2(_mm256_permute2f128_ps::<0x20>(low, high));
                rows[4 + at] = Avx2(_mm256_permute2f128_ps::<0x31>(low, high));
            }
        }
    }
}
