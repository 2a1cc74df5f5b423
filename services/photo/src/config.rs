use std::fmt;

/// What the photo service needs beside what every service needs.
#[derive(Clone, Debug, clap::Args)]
pub struct PhotoConfig {
    /// Where the objects are.
    #[command(flatten)]
    pub s3: S3Config,
    /// How large pictures may be.
    #[command(flatten)]
    pub limits: PhotoLimits,
}

/// How large pictures may be, how much memory they may take, and how long they are kept.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct PhotoLimits {
    /// Largest file that may be uploaded, in bytes.
    #[arg(long, env = "PHOTO_MAX_BYTES", default_value_t = 20 << 20)]
    pub photo_max_bytes: usize,
    /// Most pixels that a side of a picture may have. WebP takes no more than 16,383.
    #[arg(long, env = "PHOTO_MAX_SIDE", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=16_383))]
    pub photo_max_side: u32,
    /// Most pixels that a picture may have in all, those of every frame of an animation counted.
    #[arg(long, env = "PHOTO_MAX_PIXELS", default_value_t = 40_000_000)]
    pub photo_max_pixels: u64,
    /// Most frames of an animation.
    #[arg(long, env = "PHOTO_MAX_FRAMES", default_value_t = 300)]
    pub photo_max_frames: u32,
    /// Pictures processed at once.
    #[arg(long, env = "PHOTO_WORKERS", default_value_t = 2)]
    pub photo_workers: usize,
    /// Pixels processed at once, over all pictures: each takes up to twelve bytes of memory for a second or two. When it is
    /// taken, uploads wait, then get a 503. A larger picture is processed alone.
    #[arg(long, env = "PHOTO_DECODE_PIXELS", default_value_t = 24_000_000)]
    pub photo_decode_pixels: u64,
    /// Bytes of memory for uploads, from the first byte received to the last one stored; each takes twice its size. When
    /// it is taken, uploads wait, then get a 503; when one account has taken an eighth of it, or what the largest file takes if
    /// that is more, its own get a 429. Never less than twice the largest file.
    #[arg(long, env = "PHOTO_UPLOAD_MEMORY", default_value_t = 128 << 20)]
    pub photo_upload_memory: usize,
    /// Seconds without a byte after which an upload is given up. So is one that is as far behind the speed at which all of it
    /// would arrive within five minutes.
    #[arg(long, env = "PHOTO_STALL_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..))]
    pub photo_stall_seconds: u64,
    /// Bytes of memory for small pictures that were shown lately: they are fetched from the store less often, and shown while
    /// it cannot answer.
    #[arg(long, env = "PHOTO_RECENT_MEMORY", default_value_t = 32 << 20)]
    pub photo_recent_memory: usize,
    /// Most bytes that one person's photos may take, all their pictures counted.
    #[arg(long, env = "PHOTO_QUOTA_BYTES", default_value_t = 1 << 30, value_parser = clap::value_parser!(i64).range(0..))]
    pub photo_quota_bytes: i64,
    /// Most photos that one person may keep.
    #[arg(long, env = "PHOTO_QUOTA_PHOTOS", default_value_t = 10_000, value_parser = clap::value_parser!(i64).range(0..))]
    pub photo_quota_photos: i64,
    /// Seconds for which the objects of a deleted photo are kept, though nobody is shown them: a backup that began before may
    /// still have to copy them. Longer than any backup takes.
    #[arg(long, env = "PHOTO_KEEP_DELETED_SECONDS", default_value_t = contracts::backup::KEEP_DELETED.as_secs())]
    pub photo_keep_deleted_seconds: u64,
}

/// An S3-compatible object store, addressed by path. Of its features only put, get, delete, list and presigning are used.
#[derive(Clone, clap::Args)]
pub struct S3Config {
    /// Base URL, such as `https://s3.example.org`.
    #[arg(long, env = "S3_ENDPOINT")]
    pub s3_endpoint: String,
    /// Base URL under which people's browsers reach the same store. Where it is set, uploads may go straight there.
    #[arg(long, env = "S3_PUBLIC_ENDPOINT")]
    pub s3_public_endpoint: Option<String>,
    /// The bucket. It must exist, and should let nobody else in.
    #[arg(long, env = "S3_BUCKET")]
    pub s3_bucket: String,
    /// The region that requests are signed for; many stores take any.
    #[arg(long, env = "S3_REGION", default_value = "us-east-1")]
    pub s3_region: String,
    /// The access key.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", hide_env_values = true)]
    pub aws_access_key_id: String,
    /// The secret of the access key.
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub aws_secret_access_key: String,
}

impl fmt::Debug for S3Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All but the keys.
        f.debug_struct("S3Config")
            .field("s3_endpoint", &self.s3_endpoint)
            .field("s3_public_endpoint", &self.s3_public_endpoint)
            .field("s3_bucket", &self.s3_bucket)
            .field("s3_region", &self.s3_region)
            .finish_non_exhaustive()
    }
}
