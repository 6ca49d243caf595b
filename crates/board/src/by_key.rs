//! A small map with texts for keys: a list in the order of its keys, searched by halves.
//!
//! It takes the place of `BTreeMap`, of which every further kind is code that a browser has to load; and a list keeps up
//! with it as long as nobody draws thousands of steps.

use serde::Serialize;

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ByKey<T>(Vec<(String, T)>);

impl<T> Default for ByKey<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByKey<T> {
    pub fn new() -> Self {
        Self::default()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0
            .binary_search_by(|(known, _)| known.as_str().cmp(key))
    }

    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.get(self.find(key).ok()?).map(|(_, value)| value)
    }

    pub fn contains_key(&self, key: &str) -> bool {
        self.find(key).is_ok()
    }

    /// In place of what was there.
    pub fn insert(&mut self, key: String, value: T) {
        match self.find(&key) {
            Ok(at) => {
                if let Some((_, slot)) = self.0.get_mut(at) {
                    *slot = value;
                }
            }
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|(key, _)| keep(key));
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

impl<T> IntoIterator for ByKey<T> {
    type Item = (String, T);
    type IntoIter = std::vec::IntoIter<(String, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T> FromIterator<(String, T)> for ByKey<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(all: I) -> Self {
        let mut map = Self::new();
        for (key, value) in all {
            map.insert(key, value);
        }
        map
    }
}

impl<T, const N: usize> From<[(String, T); N]> for ByKey<T> {
    fn from(all: [(String, T); N]) -> Self {
        all.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::ByKey;

    #[test]
    fn each_key_is_there_once_and_in_its_order() {
        let mut map = ByKey::from(["b", "a", "c", "a"].map(|key| (key.to_owned(), 1)));
        map.insert("b".to_owned(), 2);
        assert_eq!(
            map.iter().collect::<Vec<_>>(),
            [("a", &1), ("b", &2), ("c", &1)]
        );
        assert_eq!((map.get("b"), map.get("d")), (Some(&2), None));
        map.retain(|key| key != "a");
        assert!(!map.contains_key("a") && map.contains_key("c"));
        assert_eq!(map.keys().collect::<Vec<_>>(), ["b", "c"]);
    }
}
