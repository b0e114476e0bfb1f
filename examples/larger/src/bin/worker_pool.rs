//! Shows three workers do ten jobs, one of which panics and harms nobody; then three that make small
//! pictures of large ones: real PNG files, read, resized and written, with a buffer for each worker.

#![expect(clippy::print_stdout, reason = "it is there to be read")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, process};

use image::imageops::FilterType;
use image::{ImageFormat, ImageReader, Rgb, RgbImage};
use phalanx::WorkerPool;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WORKERS: usize = 3;
const PICTURES: u32 = 12;
const LARGE: u32 = 320;
const SMALL: u32 = 80;

fn main() -> Result<()> {
    ten_jobs()?;
    let album = Album::paint()?;
    album.make_small()?;
    Ok(()) // dropping the album removes its files
}

fn ten_jobs() -> Result<()> {
    let pool = WorkerPool::new(WORKERS, |n: u32| {
        assert!(n != 7, "seven is not to my taste");
        n * n
    });
    let jobs: Vec<_> = (1..=10).map(|n| pool.submit(n)).collect::<std::result::Result<_, _>>()?;
    for (n, job) in (1..).zip(jobs) {
        match job.join() {
            Ok(square) => println!("job {n:2}: {square}"),
            Err(lost) => println!("job {n:2}: {lost}"),
        }
    }
    pool.shutdown();
    Ok(())
}

/// A directory of this process's own with pictures in it; it is gone when this is dropped.
struct Album(PathBuf);

impl Album {
    /// Paints pictures, each in a colour of its own.
    fn paint() -> Result<Self> {
        let directory = env::temp_dir().join(format!("phalanx-album-{}", process::id()));
        fs::create_dir_all(&directory)?;
        let album = Album(directory);
        for number in 0..PICTURES {
            let colour = u8::try_from(number * 255 / PICTURES)?;
            let picture = RgbImage::from_fn(LARGE, LARGE, |x, y| {
                Rgb([
                    colour,
                    u8::try_from(x * 255 / LARGE).unwrap_or(255),
                    u8::try_from(y * 255 / LARGE).unwrap_or(255),
                ])
            });
            picture.save(album.0.join(format!("{number}.png")))?;
        }
        Ok(album)
    }

    fn make_small(&self) -> Result<()> {
        let pool = WorkerPool::builder().workers(WORKERS).name("resizer").start(
            |_worker| Vec::new(), // what is written, before it is in the file
            |buffer, path: PathBuf, _ctx| {
                resize(&path, buffer).map_err(|error| format!("{}: {error}", path.display()))
            },
        );
        let mut large =
            fs::read_dir(&self.0)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        large.push(self.0.join("missing.png"));
        let results = pool.run_all(large);
        pool.shutdown();

        let (made, failed): (Vec<_>, Vec<_>) =
            results.into_iter().flatten().partition(std::result::Result::is_ok);
        for error in failed.iter().filter_map(|result| result.as_ref().err()) {
            println!("not made: {}", error.rsplit('/').next().unwrap_or_default());
        }
        assert_eq!((made.len(), failed.len()), (PICTURES as usize, 1));
        let mut bytes = 0;
        for small in made.into_iter().flatten() {
            assert_eq!(image::image_dimensions(&small)?, (SMALL, SMALL));
            bytes += fs::metadata(&small)?.len();
        }
        println!("{PICTURES} pictures of {SMALL} by {SMALL}, {bytes} bytes, by {WORKERS} workers");
        Ok(())
    }
}

/// Writes a small picture beside a large one, and returns its path.
fn resize(path: &Path, buffer: &mut Vec<u8>) -> Result<PathBuf> {
    let large = ImageReader::open(path)?.decode()?;
    buffer.clear();
    let small = large.resize_exact(SMALL, SMALL, FilterType::Triangle);
    small.write_to(&mut std::io::Cursor::new(&mut *buffer), ImageFormat::Png)?;
    let beside = path.with_extension("small.png");
    fs::write(&beside, &*buffer)?;
    Ok(beside)
}

impl Drop for Album {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
