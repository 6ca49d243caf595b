//! The sandbox's memory: JSON lines, appended and synced before anything is answered.
//!
//! One thread owns the file. It takes decisions one after another, so that two requests with the
//! same key cannot both execute, writes what a batch of them decided, syncs once, and only then lets
//! them answer. A line that a kill cut short was never answered for, and is removed at the next start.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    time::Duration,
};

use tokio::sync::oneshot;

use super::{
    book::{Book, Entry},
    rules::RuleSet,
};

const FILE_NAME: &str = "journal.jsonl";
const BATCH_LIMIT: usize = 512;
/// A sandbox that was just killed or told to stop may hold the file a moment longer.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the sandbox cannot keep its journal in {path}: {why}")]
    File { path: PathBuf, why: io::Error },
    #[error("another sandbox is using {0}; give this one another --data directory")]
    InUse(PathBuf),
    #[error("line {line} of {path} cannot be read ({why}); move the file away to start afresh")]
    Line {
        path: PathBuf,
        line: usize,
        why: serde_json::Error,
    },
    #[error("the sandbox can no longer write its journal")]
    Broken,
}

type Answer = Box<dyn FnOnce() + Send>;
type Decide = Box<dyn FnOnce(&Book) -> (Vec<Entry>, Answer) + Send>;

/// A handle to the journal's thread, and the book as it stands.
#[derive(Clone)]
pub struct Journal {
    book: Arc<Mutex<Book>>,
    decisions: mpsc::Sender<Decide>,
}

impl Journal {
    pub async fn open(directory: &Path) -> Result<Self, JournalError> {
        let path = directory.join(FILE_NAME);
        let failed = |why| JournalError::File {
            path: path.clone(),
            why,
        };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)
            .map_err(failed)?;
        lock(&file, directory).await?;
        let book = Arc::new(Mutex::new(replay(&mut file, &path)?));
        // the name of a new file has to survive too
        File::open(directory)
            .and_then(|dir| dir.sync_all())
            .map_err(failed)?;

        let (decisions, inbox) = mpsc::channel();
        let shared = Arc::clone(&book);
        std::thread::Builder::new()
            .name("sandbox-journal".to_owned())
            .spawn(move || write_batches(&inbox, &shared, file))
            .map_err(failed)?;
        Ok(Self { book, decisions })
    }

    /// The book, for reading. Held only for a moment: the writer waits meanwhile.
    pub fn book(&self) -> MutexGuard<'_, Book> {
        held(&self.book)
    }

    /// Decides with the book as it stands then, and returns when the decision is on disk.
    pub async fn write<R: Send + 'static>(
        &self,
        decide: impl FnOnce(&Book) -> (Vec<Entry>, R) + Send + 'static,
    ) -> Result<R, JournalError> {
        let (sender, answer) = oneshot::channel();
        let decide: Decide = Box::new(move |book| {
            let (entries, result) = decide(book);
            // whoever asked may have gone; what was decided stands
            (entries, Box::new(move || drop(sender.send(result))))
        });
        self.decisions
            .send(decide)
            .map_err(|_| JournalError::Broken)?;
        answer.await.map_err(|_| JournalError::Broken)
    }

    pub async fn set_rules(&self, rules: RuleSet) -> Result<(), JournalError> {
        self.write(|_| (vec![Entry::Rules(rules)], ())).await
    }
}

/// A panic elsewhere does not make the book wrong: `apply` is the only writer.
fn held(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn lock(file: &File, directory: &Path) -> Result<(), JournalError> {
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_PAUSE).await,
            Err(TryLockError::Error(why)) => {
                let path = directory.to_owned();
                return Err(JournalError::File { path, why });
            }
        }
    }
    Err(JournalError::InUse(directory.to_owned()))
}

/// Reads what is there and cuts off a line that was not finished.
fn replay(file: &mut File, path: &Path) -> Result<Book, JournalError> {
    let failed = |why| JournalError::File {
        path: path.to_owned(),
        why,
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    file.read_to_end(&mut bytes).map_err(failed)?;
    let whole = bytes
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    if whole < bytes.len() {
        file.set_len(whole as u64).map_err(failed)?;
        file.sync_all().map_err(failed)?;
    }
    let mut book = Book::default();
    let lines = bytes[..whole]
        .split(|&b| b == b'\n')
        .filter(|line| !line.is_empty());
    for (index, line) in lines.enumerate() {
        let entry = serde_json::from_slice(line).map_err(|why| JournalError::Line {
            path: path.to_owned(),
            line: index + 1,
            why,
        })?;
        book.apply(entry);
    }
    Ok(book)
}

/// The thread's life: it ends with the last handle, or when the disk refuses. Then every further
/// request fails, since what cannot be remembered must not be executed.
fn write_batches(inbox: &mpsc::Receiver<Decide>, book: &Mutex<Book>, mut file: File) {
    while let Ok(first) = inbox.recv() {
        let batch = std::iter::once(first).chain(inbox.try_iter().take(BATCH_LIMIT - 1));
        let mut lines = Vec::new();
        let mut answers = Vec::new();
        for decide in batch {
            let mut book = held(book);
            let (entries, answer) = decide(&book);
            for entry in entries {
                if let Err(error) = serde_json::to_writer(&mut lines, &entry) {
                    tracing::error!(%error, "the sandbox cannot write down an entry");
                    return;
                }
                lines.push(b'\n');
                book.apply(entry);
            }
            answers.push(answer);
        }
        if !lines.is_empty()
            && let Err(error) = file.write_all(&lines).and_then(|()| file.sync_data())
        {
            tracing::error!(%error, "the sandbox's journal cannot be written");
            return;
        }
        for answer in answers {
            answer();
        }
    }
}
