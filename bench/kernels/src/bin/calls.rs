//! `calls N CASE`: does a case (its number) N times, for callgrind to count; without arguments, their names.

fn main() {
    let mut words = std::env::args().skip(1);
    let cases = lenet_bench_kernels::cases();
    let (Some(times), Some(case)) = (words.next(), words.next()) else {
        cases.iter().for_each(|case| println!("{}", case.name));
        return;
    };
    let (times, case): (usize, usize) = (times.parse().expect("a count"), case.parse().expect("a number"));
    let mut case = cases.into_iter().nth(case).expect("one of the cases");
    (0..times).for_each(|_| (case.run)());
}
