//! One array of buckets, in pages that are allocated at first use.
//!
//! A contiguous array for 16 million buckets would be 64 MB to fill before the insertion that
//! asked for it can go on. Pages spread that over the rehash: a page of the new table appears
//! when its first entry arrives, a page of the old one goes when its last bucket has moved.

/// No entry.
pub const NIL: u32 = u32::MAX;
/// Buckets a page (16 KiB).
const PAGE: u32 = 4096;
const PAGE_BITS: u32 = PAGE.trailing_zeros();

/// A power-of-two number of buckets, each the id of its chain's first entry.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pages: Vec<Box<[u32]>>,
    /// Number of buckets; zero for a table that does not exist.
    size: u32,
    /// Entries in the table's chains.
    pub used: u32,
}

impl Table {
    /// A table of `size` (a power of two) empty buckets. O(size / 4096).
    pub fn new(size: u32) -> Self {
        debug_assert!(size.is_power_of_two());
        let mut pages = Vec::new();
        pages.resize_with(size.div_ceil(PAGE) as usize, Box::default);
        Table {
            pages,
            size,
            used: 0,
        }
    }

    /// Number of buckets.
    #[inline(always)]
    pub fn size(&self) -> u32 {
        self.size
    }

    /// What selects a bucket from a hash.
    #[inline(always)]
    pub fn mask(&self) -> u32 {
        self.size.wrapping_sub(1)
    }

    /// First entry of a chain, or [`NIL`].
    #[inline(always)]
    pub fn head(&self, bucket: u32) -> u32 {
        match self.pages.get((bucket >> PAGE_BITS) as usize) {
            Some(page) => *page.get((bucket & (PAGE - 1)) as usize).unwrap_or(&NIL),
            None => NIL,
        }
    }

    /// Makes `id` the first entry of a chain and returns the one that was.
    #[inline(always)]
    pub fn replace_head(&mut self, bucket: u32, id: u32) -> u32 {
        let page = &mut self.pages[(bucket >> PAGE_BITS) as usize];
        if page.is_empty() {
            *page = empty_page(self.size);
        }
        std::mem::replace(&mut page[(bucket & (PAGE - 1)) as usize], id)
    }

    /// Frees the page that ends just before `bucket`, once rehashing has emptied it.
    #[inline]
    pub fn free_page_before(&mut self, bucket: u32) {
        if bucket & (PAGE - 1) == 0 && bucket > 0 {
            self.pages[(bucket >> PAGE_BITS) as usize - 1] = Box::default();
        }
    }
}

#[cold]
fn empty_page(size: u32) -> Box<[u32]> {
    vec![NIL; size.min(PAGE) as usize].into_boxed_slice()
}
