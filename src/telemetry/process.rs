//! The process about itself, by the names that every Prometheus client library gives
//! (`process_…`), read from Linux' `/proc` when the page is asked for. Elsewhere nothing is said.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Reads `/proc/self` at every scrape.
#[derive(Debug)]
pub struct ProcessCollector;

/// Ticks in a second in which Linux tells times to programs: 100 on every architecture (`USER_HZ`).
const TICKS: f64 = 100.0;

/// What `/proc` says.
#[derive(Debug, Default, PartialEq)]
struct Process {
    cpu_seconds: Option<f64>,
    start_seconds: Option<f64>,
    resident_bytes: Option<f64>,
    virtual_bytes: Option<f64>,
    threads: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
}

impl Process {
    fn read() -> Self {
        let text = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let mut process = Self::of(
            &text("/proc/self/stat"),
            &text("/proc/self/status"),
            &text("/proc/stat"),
            &text("/proc/self/limits"),
        );
        let fds = fs::read_dir("/proc/self/fd").ok().map(Iterator::count);
        // The folder itself is open while it is read.
        process.open_fds = fds.and_then(|n| u32::try_from(n.saturating_sub(1)).ok()).map(f64::from);
        process
    }

    /// From the texts of proc(5).
    fn of(stat: &str, status: &str, machine: &str, limits: &str) -> Self {
        // The name in parentheses may hold anything; the fields after it are counted from 3.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let field = |number: usize| {
            after_name.split_ascii_whitespace().nth(number - 3).and_then(|n| n.parse::<f64>().ok())
        };
        let line = |text: &str, name: &str| {
            let rest = text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim_start);
            rest.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<f64>().ok())
        };
        let booted = line(machine, "btime ");
        Self {
            cpu_seconds: field(14).zip(field(15)).map(|(user, system)| (user + system) / TICKS),
            start_seconds: booted.zip(field(22)).map(|(booted, since)| booted + since / TICKS),
            resident_bytes: line(status, "VmRSS:").map(|kib| kib * 1024.0),
            virtual_bytes: line(status, "VmSize:").map(|kib| kib * 1024.0),
            threads: line(status, "Threads:"),
            open_fds: None,
            max_fds: line(limits, "Max open files"),
        }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let process = Process::read();
        if let Some(seconds) = process.cpu_seconds {
            let (help, unit) = ("User and system CPU time", Some(&Unit::Seconds));
            let counter = ConstCounter::new(seconds);
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor("process_cpu", help, unit, kind)?)?;
        }
        for (name, help, unit, value) in [
            (
                "process_start_time",
                "Start, since the Unix epoch",
                Some(Unit::Seconds),
                process.start_seconds,
            ),
            (
                "process_resident_memory",
                "Resident memory",
                Some(Unit::Bytes),
                process.resident_bytes,
            ),
            ("process_virtual_memory", "Virtual memory", Some(Unit::Bytes), process.virtual_bytes),
            ("process_threads", "Threads", None, process.threads),
            ("process_open_fds", "Open file descriptors", None, process.open_fds),
            ("process_max_fds", "File descriptors allowed", None, process.max_fds),
        ] {
            if let Some(value) = value {
                let gauge = ConstGauge::new(value);
                let kind = gauge.metric_type();
                gauge.encode(encoder.encode_descriptor(name, help, unit.as_ref(), kind)?)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Process;

    #[test]
    fn the_texts_of_proc_are_understood() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 12345 99 88";
        let status = "Name:\tx\nVmSize:\t  2048 kB\nVmRSS:\t  1024 kB\nThreads:\t7\n";
        let limits = "Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 4096                 files\n";
        let process = Process::of(stat, status, "cpu 1 2\nbtime 1000\n", limits);
        let expected = Process {
            cpu_seconds: Some(3.0),
            start_seconds: Some(1123.45),
            resident_bytes: Some(1_048_576.0),
            virtual_bytes: Some(2_097_152.0),
            threads: Some(7.0),
            open_fds: None,
            max_fds: Some(1024.0),
        };
        assert_eq!(process, expected);
        assert_eq!(Process::of("", "", "", ""), Process::default());
        assert!(Process::read().open_fds.is_some_and(|n| n > 2.0));
    }
}
