//! Flags over a recipe's random changes of pictures.

use crate::args::{AugmentArgs, BorderWord};
use data::{Augment, augment::Border};

/// The changes with what the flags say.
pub(super) fn apply(now: Augment, args: &AugmentArgs) -> Augment {
    if args.no_aug {
        return Augment::NONE;
    }
    let border = args.border.map_or(now.border, |word| match word {
        BorderWord::Mean => Border::Mean,
        BorderWord::Reflect => Border::Reflect,
    });
    Augment {
        hflip: args.hflip.unwrap_or(now.hflip),
        vflip: args.vflip.unwrap_or(now.vflip),
        scale: pair(args.scale.as_deref()).or(now.scale),
        ratio: pair(args.ratio.as_deref()).unwrap_or(now.ratio),
        degrees: args.degrees.unwrap_or(now.degrees),
        translate: args.translate.unwrap_or(now.translate),
        zoom: pair(args.zoom.as_deref()).unwrap_or(now.zoom),
        shear: args.shear.unwrap_or(now.shear),
        border,
        color_jitter: args.color_jitter.as_deref().map_or(now.color_jitter, jitter),
        noise: args.noise.unwrap_or(now.noise),
        reprob: args.reprob.unwrap_or(now.reprob),
        mixup: args.mixup.unwrap_or(now.mixup),
        cutmix: args.cutmix.unwrap_or(now.cutmix),
        mixup_prob: args.mixup_prob.unwrap_or(now.mixup_prob),
    }
}

fn pair(typed: Option<&[f32]>) -> Option<[f32; 2]> {
    typed.and_then(|typed| typed.try_into().ok())
}

/// One number stands for all three, two for brightness and contrast.
fn jitter(typed: &[f32]) -> [f32; 3] {
    match *typed {
        [all] => [all; 3],
        _ => std::array::from_fn(|i| typed.get(i).copied().unwrap_or(0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_lands_where_it_belongs_and_the_rest_stays() {
        let now = Augment { hflip: 0.5, vflip: 0.25, ..Augment::NONE };
        assert_eq!(apply(now, &AugmentArgs::default()), now);
        let args = AugmentArgs {
            hflip: Some(0.1),
            scale: Some(vec![0.2, 0.9]),
            ratio: Some(vec![0.5, 2.0]),
            degrees: Some(10.0),
            translate: Some(0.1),
            zoom: Some(vec![0.8, 1.2]),
            shear: Some(5.0),
            border: Some(BorderWord::Reflect),
            color_jitter: Some(vec![0.4]),
            noise: Some(0.05),
            reprob: Some(0.3),
            mixup: Some(0.2),
            cutmix: Some(1.0),
            mixup_prob: Some(0.7),
            ..AugmentArgs::default()
        };
        let expected = Augment {
            hflip: 0.1,
            vflip: 0.25,
            scale: Some([0.2, 0.9]),
            ratio: [0.5, 2.0],
            degrees: 10.0,
            translate: 0.1,
            zoom: [0.8, 1.2],
            shear: 5.0,
            border: Border::Reflect,
            color_jitter: [0.4; 3],
            noise: 0.05,
            reprob: 0.3,
            mixup: 0.2,
            cutmix: 1.0,
            mixup_prob: 0.7,
        };
        assert_eq!(apply(now, &args), expected);
        assert_eq!(jitter(&[0.1, 0.2]), [0.1, 0.2, 0.0]);
    }
}
