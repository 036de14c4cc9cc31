//! The same bits for any number of threads.

use nn::{Shape, zoo};

use crate::check_layer::step_bits;

#[test]
fn every_model_takes_the_same_step_on_1_2_and_5_threads() {
    let image = Shape::image(1, 44, 44);
    for model in [zoo::perceptron(50), zoo::lenet5(image, 50), zoo::lenet5_modified(image, 50)] {
        // An odd batch, so that groups of samples are uneven.
        let one = step_bits(&model, 13, 1);
        for threads in [2, 5] {
            assert!(one == step_bits(&model, 13, threads), "{}: {threads} threads", model.name);
        }
    }
}

#[test]
fn a_sample_has_the_same_logits_alone_and_in_a_batch() {
    let net = zoo::lenet5_modified(Shape::image(1, 44, 44), 10).build::<f32>().unwrap();
    let params = net.init_params(&nn::init::InitScheme::default(), 2);
    let input: Vec<f32> = testkit::formula(6, 5 * 44 * 44, 1.0).iter().map(|&x| x as f32).collect();
    let mut ws = net.workspace(5, nn::Mode::Eval);
    net.forward(&params, &input, nn::StepId::default(), &mut ws);
    let together = ws.logits().to_vec();
    for (i, x) in input.chunks_exact(44 * 44).enumerate() {
        net.forward(&params, x, nn::StepId::default(), &mut ws);
        assert_eq!(ws.logits(), &together[i * 10..][..10], "sample {i}");
    }
}
