//! Shows a configuration file that is written anew again and again while readers are under full load:
//! each always has a whole configuration, never an older one after a newer one, and none waits for
//! anybody; a broken file is reported, and the last good one stays.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

use phalanx::{AtomicValue, Context, Counter, ErrGroup, ShardedCounter};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const READERS: usize = 4;
const VERSIONS: u64 = 40;

#[derive(Debug, PartialEq, Eq)]
struct Config {
    version: u64,
    /// A hundred times the version, so that a mixture of two would show.
    limit: u64,
}

fn main() -> Result<()> {
    let file = &ConfigFile::create()?;
    let config = &AtomicValue::new(file.load()?);
    let (reads, refused) = (&ShardedCounter::new(), &Counter::new(0));
    let load = Context::background().with_timeout(Duration::from_secs(30));

    ErrGroup::builder().context(&load).scope(|g| {
        let (watching, stop) = g.context().with_cancel();
        g.go(move |_| watch(&watching, file, config, refused));
        for _ in 0..READERS {
            g.go(|ctx| read_all_the_time(ctx, config, reads));
        }
        // The operator: writes the next version when the last one is in use.
        let mut in_use = config.reader();
        for version in 2..=VERSIONS {
            if version == VERSIONS / 2 {
                file.write("version = twenty")?;
                refused.wait_for_until(g.context(), |n| n > 0)?;
            }
            file.write(&format!("version = {version}\nlimit = {}", 100 * version))?;
            while in_use.get().version < version {
                in_use.changed_until(g.context())?;
            }
        }
        stop.cancel();
        Ok::<_, Box<dyn Error + Send + Sync>>(())
    })?;

    println!("{} reads by {READERS} readers while {VERSIONS} versions came", reads.sum());
    println!("refused: {}", refused.get());
    println!("in use:  {:?}", config.load());
    assert_eq!(*config.load(), Config { version: VERSIONS, limit: 100 * VERSIONS });
    assert!(refused.get() == 1 && reads.sum() > 0);
    Ok(())
}

/// Puts each new version of the file to use, until the context ends.
fn watch(
    ctx: &Context,
    file: &ConfigFile,
    config: &AtomicValue<Config>,
    refused: &Counter,
) -> Result<()> {
    let mut known = String::new(); // so the first look always counts
    while ctx.sleep(Duration::from_millis(1)).is_ok() {
        let text = file.read()?;
        if text != known {
            match text.parse() {
                Ok(new) => config.store(new),
                Err(error) => {
                    println!("a file that is no configuration: {error}");
                    refused.inc();
                }
            }
            known = text;
        }
    }
    Ok(())
}

/// Reads until the last version is there. A read is one load, unless there is something new.
fn read_all_the_time(
    ctx: &Context,
    config: &AtomicValue<Config>,
    reads: &ShardedCounter,
) -> Result<()> {
    let (mut reader, mut last) = (config.reader(), 0);
    while last < VERSIONS {
        let Config { version, limit } = *reader.get();
        assert!(limit == 100 * version && version >= last, "{version} after {last}: {limit}");
        last = version;
        reads.inc();
        ctx.check()?; // another task has failed
    }
    Ok(())
}

impl std::str::FromStr for Config {
    type Err = Box<dyn Error + Send + Sync>;

    fn from_str(text: &str) -> Result<Self> {
        let number = |name: &str| -> Result<u64> {
            let lines = text.lines().filter_map(|line| line.split_once(" = "));
            let value = lines.into_iter().find_map(|(key, value)| (key == name).then_some(value));
            let value = value.ok_or_else(|| format!("there is no {name}"))?;
            Ok(value.parse().map_err(|error| format!("{name} = {value}: {error}"))?)
        };
        Ok(Config { version: number("version")?, limit: number("limit")? })
    }
}

/// A file of this process in the directory for temporary files; it is gone when this is dropped.
struct ConfigFile(PathBuf);

impl ConfigFile {
    fn create() -> Result<Self> {
        let path = env::temp_dir().join(format!("phalanx-hot-config-{}", process::id()));
        let file = ConfigFile(path);
        file.write("version = 1\nlimit = 100")?;
        Ok(file)
    }

    fn read(&self) -> Result<String> {
        Ok(fs::read_to_string(&self.0)?)
    }

    fn load(&self) -> Result<Config> {
        self.read()?.parse()
    }

    /// Replaces the file as a whole, by renaming, so that nobody reads half of it.
    fn write(&self, text: &str) -> Result<()> {
        let beside = self.0.with_extension("new");
        fs::write(&beside, text)?;
        Ok(fs::rename(&beside, &self.0)?)
    }
}

impl Drop for ConfigFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}
