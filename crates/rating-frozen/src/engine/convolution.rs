//! Convolutions over maps: direct, and by Winograd's algorithm.

use std::ops::Range;

use super::finish::Row;
use super::map::spread;
use super::pack::{Block, Packing};
use super::step::{Grid, POINTS, PRODUCTS, Scratch, Split, Step};
use super::tile::Tile;
use super::winograd::{InputTiles, OutputTiles};

impl Step<'_> {
    /// The convolution, tap by tap.
    ///
    /// # Safety
    /// Maps, bits and bias hold what their shapes say; no other member writes
    /// what this one reads. `scratch` has the room its functions state.
    pub unsafe fn direct(
        &self,
        packed: &Packing,
        taps: &[isize],
        grid: Grid,
        split: Split,
        scratch: &Scratch,
    ) {
        let side = self.output.shape.side;
        let rows = grid.count(grid.first.0, side);
        let (blocks, lines) = match split {
            Split::Channels => (self.member.share(packed.blocks()), 0..rows * self.maps.len()),
            Split::Rows => (0..packed.blocks(), self.member.share(rows * self.maps.len())),
        };
        for number in blocks {
            // SAFETY: the caller's promise.
            let block = unsafe { packed.block(number, self.kernels, scratch.weights) };
            for line in lines.clone() {
                let (map, row) = (self.maps.start + line / rows, line % rows);
                // SAFETY: the line is of the maps.
                unsafe {
                    self.direct_row(
                        packed.depth(),
                        block,
                        taps,
                        grid,
                        (map, row),
                        scratch.products,
                    );
                }
            }
        }
    }

    /// One row of a direct convolution, in tiles of nearly equal size.
    unsafe fn direct_row(
        &self,
        depth: usize,
        block: Block,
        taps: &[isize],
        grid: Grid,
        (map, row): (usize, usize),
        products: *mut f32,
    ) {
        let shape = self.output.shape;
        let pixels = grid.count(grid.first.1, shape.side);
        let output_row = grid.first.0 + row * grid.stride;
        for (first, count) in pieces(pixels, self.kernels.most_pixels) {
            // SAFETY: pixels and taps lie in the maps or their borders.
            unsafe {
                let input =
                    self.input.pixel(map, row * grid.input_stride, first * grid.input_stride);
                self.kernels.tile[count - 1][block.vectors - 1](Tile {
                    taps,
                    depth,
                    input,
                    input_step: grid.input_stride * self.input.shape.step,
                    weights: block.weights,
                    output: products,
                    output_step: block.channels,
                });
                let column = grid.first.1 + first * grid.stride;
                (self.kernels.finish_row)(Row {
                    sums: products,
                    pixels: count,
                    channels: block.channels,
                    steps: (grid.stride * shape.step, grid.stride * shape.bit_step()),
                    finish: self.finish(map, output_row, column, block.first),
                });
            }
        }
    }

    /// A 3x3 convolution of stride 1 by Winograd's algorithm: `scheme` is its
    /// position in the table, tiles have `tile` x `tile` output pixels.
    ///
    /// # Safety
    /// As for [`Step::direct`]; `scratch` has the room its functions state:
    /// its points are the member's own when rows are split, the team's when
    /// channels are.
    pub unsafe fn winograd(
        &self,
        packed: &Packing,
        (scheme, tile): (usize, usize),
        split: Split,
        scratch: &Scratch,
    ) {
        let along = self.output.shape.side.div_ceil(tile);
        let work = Winograd {
            step: self,
            packed,
            scheme,
            tile,
            along,
            step_of_tile: spread(self.input.shape.channels),
        };
        let rows = along * self.maps.len();
        // SAFETY: rows of tiles are of the maps; the caller's promise.
        unsafe {
            match split {
                Split::Rows => {
                    let room = scratch.points_len / (packed.taps() * along * work.step_of_tile);
                    let most =
                        room.min(POINTS / (packed.taps() * along * work.step_of_tile)).max(1);
                    let mine = self.member.share(rows);
                    for (first, count) in pieces(mine.len(), most) {
                        let group = mine.start + first..mine.start + first + count;
                        work.transform(group.clone(), group.start, count, scratch.points);
                        work.multiply(0..packed.blocks(), group, scratch);
                    }
                }
                Split::Channels => {
                    work.transform(self.member.share(rows), 0, rows, scratch.points);
                    self.member.wait();
                    work.multiply(self.member.share(packed.blocks()), 0..rows, scratch);
                }
            }
        }
    }
}

/// A convolution by Winograd's algorithm.
struct Winograd<'s> {
    step: &'s Step<'s>,
    packed: &'s Packing,
    scheme: usize,
    /// Output pixels along a tile.
    tile: usize,
    /// Tiles along a map.
    along: usize,
    /// Values from one tile's channels to the next's.
    step_of_tile: usize,
}

impl Winograd<'_> {
    /// Transforms some rows of tiles into `points`, in which `total` rows from
    /// `first` on have their place.
    unsafe fn transform(&self, rows: Range<usize>, first: usize, total: usize, points: *mut f32) {
        let input = self.step.input;
        let tiles = self.along * self.step_of_tile;
        for row in rows {
            let (map, down) = (self.step.maps.start + row / self.along, row % self.along);
            // SAFETY: the tile's first pixel is one up and left of its output,
            // in the border at the least; its last lies in the border at most.
            unsafe {
                let corner = input.pixel(map, down * self.tile, 0);
                (self.step.kernels.transform_input[self.scheme])(InputTiles {
                    input: corner.sub(input.shape.row + input.shape.step),
                    steps: (input.shape.row, input.shape.step),
                    tiles: self.along,
                    channels: input.shape.channels,
                    points: points.add((row - first) * tiles),
                    point_steps: (total * tiles, self.step_of_tile),
                });
            }
        }
    }

    /// Multiplies the points of some rows of tiles with the weights of some
    /// blocks, and finishes the output. The points begin with the first row.
    unsafe fn multiply(&self, blocks: Range<usize>, rows: Range<usize>, scratch: &Scratch) {
        let total = rows.len() * self.along;
        for number in blocks {
            // SAFETY: the caller's promise.
            let block = unsafe { self.packed.block(number, self.step.kernels, scratch.weights) };
            let most = PRODUCTS / (self.packed.taps() * self.along * block.channels);
            for (first, count) in pieces(rows.len(), most.max(1)) {
                let tiles = count * self.along;
                for point in 0..self.packed.taps() {
                    // SAFETY: the point's tiles lie in the scratch memory.
                    unsafe { self.products(block, point, (total, first), tiles, scratch) };
                }
                for row in 0..count {
                    // SAFETY: the row is one of the output's.
                    unsafe { self.finish(block, rows.start + first + row, row, tiles, scratch) };
                }
            }
        }
    }

    /// The products of one point: tiles times output channels.
    unsafe fn products(
        &self,
        block: Block,
        point: usize,
        (total, first): (usize, usize),
        tiles: usize,
        scratch: &Scratch,
    ) {
        let kernels = self.step.kernels;
        let start = (point * total + first * self.along) * self.step_of_tile;
        for (tile, count) in pieces(tiles, kernels.most_pixels) {
            // SAFETY: the caller's promise.
            unsafe {
                kernels.tile[count - 1][block.vectors - 1](Tile {
                    taps: &[0],
                    depth: self.packed.depth(),
                    input: scratch.points.add(start + tile * self.step_of_tile),
                    input_step: self.step_of_tile,
                    weights: block.weights.add(point * self.packed.depth() * block.channels),
                    output: scratch.products.add((point * tiles + tile) * block.channels),
                    output_step: block.channels,
                });
            }
        }
    }

    /// Transforms the products of a row of tiles back.
    unsafe fn finish(&self, block: Block, row: usize, at: usize, tiles: usize, scratch: &Scratch) {
        let shape = self.step.output.shape;
        let (map, down) = (self.step.maps.start + row / self.along, row % self.along);
        let first = down * self.tile;
        // SAFETY: the caller's promise.
        unsafe {
            (self.step.kernels.transform_output[self.scheme])(OutputTiles {
                points: scratch.products.add(at * self.along * block.channels),
                point_steps: (tiles * block.channels, block.channels),
                tiles: self.along,
                channels: block.channels,
                pixels: (shape.side - first, shape.side),
                steps: (shape.row, shape.step),
                bit_steps: (shape.side * shape.bit_step(), shape.bit_step()),
                finish: self.step.finish(map, first, 0, block.first),
            });
        }
    }
}

/// Cuts `count` things in a row into nearly equal pieces of at most `most`:
/// the first and the length of each.
pub(super) fn pieces(count: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let number = count.div_ceil(most);
    (0..number).map(move |piece| {
        let start = count * piece / number;
        (start, count * (piece + 1) / number - start)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_nearly_equal() {
        assert_eq!(pieces(16, 14).collect::<Vec<_>>(), [(0, 8), (8, 8)]);
        assert_eq!(pieces(7, 3).collect::<Vec<_>>(), [(0, 2), (2, 2), (4, 3)]);
        assert_eq!(pieces(0, 3).count(), 0);
    }
}
