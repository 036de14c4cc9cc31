//! `RAYON_NUM_THREADS=1 cargo bench` in this folder: one thread, so that a figure is of the kernel alone.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn all(c: &mut Criterion) {
    assert_eq!(std::env::var("RAYON_NUM_THREADS").as_deref(), Ok("1"), "run it with RAYON_NUM_THREADS=1");
    for mut case in lenet_bench_kernels::cases() {
        let mut group = c.benchmark_group("kernels");
        if case.macs > 0 {
            group.throughput(Throughput::Elements(case.macs));
        }
        group.bench_function(case.name, |b| b.iter(|| (case.run)()));
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = all
}
criterion_main!(benches);
