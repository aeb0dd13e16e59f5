//! What was read before, so that it need not be again. Worthless if damaged, and never needed.
//!
//! An entry is believed only if the file has the identity that it had: size, times and inode.
//! That is no proof for a file that was written a moment before it was read: it could have been
//! written once more within the same tick of the file system's clock, with the same size. Git
//! calls such an entry racy. None is ever put in: what changed less than [`SETTLED_SECS`] before
//! the reading began is read again the next time.

use std::ops::Range;

use jit_core::{IssueId, WallTime};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::issue::Outline;
use crate::source::{Identity, Origin};

/// Longer than a tick of any clock that file systems stamp with, and than two clocks of one
/// machine are apart.
const SETTLED_SECS: i64 = 2;

/// To be changed with anything about the format, or about [`Outline`]: the bytes do not say
/// their meaning.
const MAGIC: &[u8; 8] = b"jit iss3";

/// Magic, length of the body, hash of the body.
const HEADER: usize = 24;

/// About as short as an entry can be. What is reserved and not used costs nothing.
const LEAST: usize = 80;

/// Under what an outline is kept, and of which file it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key {
    origin: Origin,
    id: [u8; 16],
}

impl Key {
    fn new(origin: Origin, id: IssueId) -> Self {
        Self { origin, id: id.uuid().into_bytes() }
    }
}

/// What is known of one file.
struct Entry {
    key: Key,
    identity: Identity,
    /// The outline's place in the bytes.
    outline: Range<usize>,
}

/// What is known of the files of issues.
pub struct Cache {
    bytes: Vec<u8>,
    /// By key.
    known: Vec<Entry>,
    /// Which of those are true still.
    hits: Vec<usize>,
    /// What is to be known the next time.
    learned: Vec<(Key, Identity, Vec<u8>)>,
    /// When reading began, in nanoseconds since 1970.
    began: i64,
}

impl Cache {
    /// The cache in these bytes; an empty one where they are not whole. `now` is the wall clock
    /// before any file is looked at.
    pub fn new(bytes: Vec<u8>, now: WallTime) -> Self {
        let epoch = "1970-01-01T00:00:00Z".parse::<WallTime>();
        let secs = epoch.map_or(0, |epoch| now.secs_since(&epoch));
        let known = whole(&bytes).and_then(entries).unwrap_or_default();
        let began = secs.saturating_mul(1_000_000_000);
        Self { bytes, known, hits: Vec::new(), learned: Vec::new(), began }
    }

    /// What it knows of the files of a source, by id: it may be wrong by now.
    pub(crate) fn of(&self, origin: Origin) -> Vec<Hit> {
        let begin = self.known.partition_point(|entry| entry.key.origin < origin);
        let end = self.known.partition_point(|entry| entry.key.origin <= origin);
        (begin..end).map(Hit).collect()
    }

    /// Whose file that is.
    pub(crate) fn id(&self, Hit(at): Hit) -> Option<IssueId> {
        Some(IssueId::new(Uuid::from_bytes(self.known.get(at)?.key.id)))
    }

    /// Whether it is true of a file with that identity.
    pub(crate) fn is_true(&self, Hit(at): Hit, identity: &Identity) -> bool {
        self.known.get(at).is_some_and(|entry| entry.identity == *identity)
    }

    /// What it says.
    pub(crate) fn outline(&self, Hit(at): Hit) -> Option<Outline> {
        postcard::from_bytes(self.bytes.get(self.known.get(at)?.outline.clone())?).ok()
    }

    /// The outline of this issue's file there, if the file is still the same, and the hit.
    pub(crate) fn get(&self, origin: Origin, id: IssueId, identity: &Identity) -> Option<(Hit, Outline)> {
        let at = self.known.binary_search_by_key(&Key::new(origin, id), |entry| entry.key).ok()?;
        let hit = Some(Hit(at)).filter(|hit| self.is_true(*hit, identity))?;
        Some((hit, self.outline(hit)?))
    }

    /// Takes note that what is known was true.
    pub(crate) fn keep(&mut self, Hit(at): Hit) {
        self.hits.push(at);
    }

    /// Keeps an outline that was read, unless its file could change without a trace.
    pub(crate) fn learn(&mut self, origin: Origin, identity: Identity, outline: &Outline) {
        if settled(&identity, self.began) {
            // What can't be encoded is read again.
            let encoded = postcard::to_stdvec(outline).ok();
            self.learned.extend(encoded.map(|bytes| (Key::new(origin, outline.id), identity, bytes)));
        }
    }

    /// The bytes to keep for the next time, if that is worth it: writing all of them costs as much
    /// as reading one file in 64.
    pub fn finish(self) -> Option<Vec<u8>> {
        if self.learned.is_empty() || self.learned.len() * 64 < self.hits.len() {
            return None;
        }
        let kept = self.hits.iter().filter_map(|at| {
            let Entry { key, identity, outline } = self.known.get(*at)?;
            Some((*key, *identity, self.bytes.get(outline.clone())?))
        });
        let learned = self.learned.iter().map(|(key, identity, bytes)| (*key, *identity, bytes.as_slice()));
        let mut all: Vec<_> = kept.chain(learned).collect();
        all.sort_unstable_by_key(|(key, ..)| *key);
        let mut body = Vec::with_capacity(self.bytes.len());
        for entry in all {
            body = postcard::to_extend(&entry, body).ok()?;
        }
        let header = [*MAGIC, (body.len() as u64).to_le_bytes(), xxh3_64(&body).to_le_bytes()];
        Some([header.concat(), body].concat())
    }
}

/// That a cache knows a file.
#[derive(Clone, Copy)]
pub(crate) struct Hit(usize);

/// Whether a file with that identity, read at that time, has another once it is changed.
fn settled(identity: &Identity, began: i64) -> bool {
    match identity {
        Identity::File { mtime, ctime, .. } => {
            (*mtime).max(*ctime) < began.saturating_sub(SETTLED_SECS * 1_000_000_000)
        }
        Identity::Content(_) => true,
    }
}

/// The body, if all of it is as it was written. What stands behind it is of an older cache.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let body = bytes.get(HEADER..)?.get(..usize::try_from(number(8)?).ok()?)?;
    (bytes.get(..8)? == MAGIC && xxh3_64(body) == number(16)?).then_some(body)
}

/// What each entry says, and where its outline is.
fn entries(body: &[u8]) -> Option<Vec<Entry>> {
    let mut known = Vec::with_capacity(body.len() / LEAST);
    let mut rest = body;
    while !rest.is_empty() {
        let ((key, identity, outline), behind): ((Key, Identity, &[u8]), _) =
            postcard::take_from_bytes(rest).ok()?;
        let end = HEADER + body.len() - behind.len();
        known.push(Entry { key, identity, outline: end - outline.len()..end });
        rest = behind;
    }
    Some(known)
}
