//! The tree over a merchant's entries, as RFC 6962 (section 2.1) hashes it: what a checkpoint signs.
//!
//! The chain proves that each entry follows the one before. The tree says the same about all of them in one
//! hash, and it can be carried on from a few: a [`Frontier`] holds the roots of the largest full subtrees, at
//! most one for each bit of the number of entries, so that one entry more costs two hashes on average,
//! however many there are. One leaf is the 32 bytes of an entry's own hash, which covers every field of it.

use sha2::{Digest, Sha256};

use super::AuditHash;

/// A node of the tree, or its root.
pub type Node = [u8; 32];

/// What the tree keeps of one entry.
pub fn leaf(hash: &AuditHash) -> Node {
    leaf_of(&hash.0)
}

fn leaf_of(data: &[u8]) -> Node {
    Sha256::new()
        .chain_update([0])
        .chain_update(data)
        .finalize()
        .into()
}

fn parent(left: &Node, right: &Node) -> Node {
    Sha256::new()
        .chain_update([1])
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

/// The right edge of a tree: enough to add to it, and to name its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// The roots of the full subtrees, the largest first.
    peaks: Vec<Node>,
}

impl Frontier {
    /// As it was kept: one peak of 32 bytes for each bit that is set in `size`.
    pub fn of(size: u64, peaks: &[u8]) -> Option<Self> {
        let (nodes, rest) = peaks.as_chunks::<32>();
        let fits = rest.is_empty() && nodes.len() == size.count_ones() as usize;
        fits.then(|| Self {
            size,
            peaks: nodes.to_vec(),
        })
    }

    /// How many entries it covers.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// To be kept, and read again by [`Frontier::of`].
    pub fn peaks(&self) -> Vec<u8> {
        self.peaks.concat()
    }

    /// One more entry.
    pub fn push(&mut self, hash: &AuditHash) {
        self.push_leaf(leaf(hash));
    }

    fn push_leaf(&mut self, leaf: Node) {
        // every full subtree as large as what is added joins it, as carrying does in a sum
        let mut node = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = parent(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// The root of the whole; of nothing, the hash of nothing.
    pub fn root(&self) -> Node {
        let mut peaks = self.peaks.iter().rev();
        match peaks.next() {
            None => Sha256::digest([]).into(),
            Some(last) => peaks.fold(*last, |right, left| parent(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tlog_tiles::tlog;

    use super::*;

    /// The eight leaves of Certificate Transparency's own tests, and the roots they give.
    const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn the_roots_are_those_of_certificate_transparency() {
        let mut tree = Frontier::default();
        assert_eq!(hex::encode(tree.root()), ROOTS[0]);
        for (text, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            tree.push_leaf(leaf_of(&hex::decode(text).unwrap()));
            assert_eq!(hex::encode(tree.root()), *root, "{} leaves", tree.size());
        }
    }

    /// Hashes as the other implementation keeps them.
    struct Kept(Vec<tlog::Hash>);

    impl tlog::HashReader for Kept {
        fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
            Ok(indexes.iter().map(|at| self.0[*at as usize]).collect())
        }
    }

    fn hash(n: u64) -> AuditHash {
        AuditHash(Sha256::digest(n.to_be_bytes()).into())
    }

    #[test]
    fn another_implementation_finds_the_same_roots_and_proves_entries_and_growth() {
        let (mut tree, mut kept) = (Frontier::default(), Kept(Vec::new()));
        let mut roots = vec![];
        for n in 0..200 {
            tree.push(&hash(n));
            let more = tlog::stored_hashes(n, &hash(n).0, &kept).unwrap();
            kept.0.extend(more);
            let theirs = tlog::tree_hash(n + 1, &kept).unwrap();
            assert_eq!(tree.root(), theirs.0, "{} entries", n + 1);
            roots.push(tlog::Hash(tree.root()));
        }
        // one entry is in it, and an earlier root is of an earlier part of the same
        let proof = tlog::prove_record(200, 77, &kept).unwrap();
        let of = |n| tlog::Hash(leaf(&hash(n)));
        assert!(tlog::check_record(&proof, 200, roots[199], 77, of(77)).is_ok());
        assert!(tlog::check_record(&proof, 200, roots[199], 77, of(78)).is_err());
        let grown = tlog::prove_tree(200, 123, &kept).unwrap();
        assert!(tlog::check_tree(&grown, 200, roots[199], 123, roots[122]).is_ok());
        assert!(tlog::check_tree(&grown, 200, roots[199], 123, roots[121]).is_err());
    }

    #[test]
    fn what_was_kept_goes_on_as_if_nothing_had_been_interrupted() {
        let mut whole = Frontier::default();
        for n in 0..77 {
            whole.push(&hash(n));
            let mut again = Frontier::of(whole.size(), &whole.peaks()).unwrap();
            assert_eq!(again, whole);
            again.push(&hash(n + 1));
            let mut ahead = whole.clone();
            ahead.push(&hash(n + 1));
            assert_eq!(again.root(), ahead.root());
        }
        assert_eq!(Frontier::of(3, &[0; 32]), None);
        assert_eq!(Frontier::of(1, &[0; 33]), None);
    }
}
