//! Files in a bucket that is spoken to in S3.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ObjectStore, RetryConfig};

use super::transport::Connector;
use crate::config::files::bucket::{Addressing, Bucket};

/// How often a request that a store failed is sent again.
const RETRIES: usize = 2;

/// The store of a bucket. Nothing is asked of it yet.
///
/// # Errors
/// The system has no certificates to trust, or the settings contradict each other.
pub(super) fn open(bucket: &Bucket) -> object_store::Result<Arc<dyn ObjectStore>> {
    let patience = bucket.patience;
    let by_host = bucket.addressing == Addressing::Host;
    let retry = RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(1),
            base: 2.0,
        },
        max_retries: RETRIES,
        retry_timeout: patience,
    };
    let store = AmazonS3Builder::new()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region)
        .with_endpoint(bucket.address())
        .with_virtual_hosted_style_request(by_host)
        .with_allow_http(bucket.endpoint.starts_with("http://"))
        .with_access_key_id(&bucket.keys.access)
        .with_secret_access_key(bucket.keys.secret.text())
        .with_retry(retry)
        .with_http_connector(Connector { patience })
        .build()?;
    Ok(Arc::new(store))
}
