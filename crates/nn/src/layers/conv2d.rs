//! Two-dimensional convolution.

use kernels::conv2d::{Filters, Passes, Plan, Wide};
use kernels::{Conv2dGeom, Element};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::init::Init;
use crate::layer::{Ctx, Layer, Locality, Mode, Past, SavedMut, View, ViewMut, Weights};
use crate::param::{ParamSpec, Role};
use crate::shape::Shape;

/// Settings of a [`Conv2d`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conv2dConfig {
    /// Planes of the output.
    pub out_channels: usize,
    /// Rows and columns of the window.
    pub kernel_size: usize,
    /// Cells between windows; default 1.
    #[serde(default = "one")]
    pub stride: usize,
    /// Zeros put around the input; default 0.
    #[serde(default)]
    pub padding: usize,
    /// Cells between the taps of a window; default 1.
    #[serde(default = "one")]
    pub dilation: usize,
    /// Groups of channels that are convolved apart; default 1.
    #[serde(default = "one")]
    pub groups: usize,
    /// Whether a bias is added; default yes.
    #[serde(default = "yes")]
    pub bias: bool,
}

fn one() -> usize {
    1
}

fn yes() -> bool {
    true
}

impl Conv2dConfig {
    /// Stride 1, no padding, one group, with bias.
    #[must_use]
    pub fn new(out_channels: usize, kernel_size: usize) -> Self {
        Conv2dConfig { out_channels, kernel_size, stride: 1, padding: 0, dilation: 1, groups: 1, bias: true }
    }

    /// The same with `padding` zeros around the input.
    #[must_use]
    pub fn with_padding(self, padding: usize) -> Self {
        Conv2dConfig { padding, ..self }
    }

    /// The layer for inputs of this shape.
    ///
    /// # Errors
    /// If the input is no image, a size is zero, or the window is larger than the padded input.
    pub fn build(&self, name: &str, input: Shape) -> Result<Conv2d, BuildError> {
        let kind = "conv2d";
        let shape_error =
            |needed: String| BuildError::Shape { layer: name.into(), kind, needed, found: input };
        let Shape::Image { channels, height, width } = input else {
            return Err(shape_error("an image, channels × height × width".into()));
        };
        for (what, size) in [
            ("out_channels", self.out_channels),
            ("kernel_size", self.kernel_size),
            ("stride", self.stride),
            ("dilation", self.dilation),
            ("groups", self.groups),
        ] {
            if size == 0 {
                let what = format!("{what} must be at least 1");
                return Err(BuildError::Setting { layer: name.into(), kind, what });
            }
        }
        if !channels.is_multiple_of(self.groups) || !self.out_channels.is_multiple_of(self.groups) {
            let what = format!(
                "groups = {} must divide the {channels} input and the {} output channels",
                self.groups, self.out_channels
            );
            return Err(BuildError::Setting { layer: name.into(), kind, what });
        }
        let k = self.kernel_size;
        let geom = Conv2dGeom::new(
            channels,
            self.out_channels,
            (height, width),
            (k, k),
            self.stride,
            self.padding,
            self.dilation,
            self.groups,
        )
        .ok_or_else(|| {
            let reach = self.dilation.saturating_mul(k - 1).saturating_add(1);
            shape_error(format!("at least {reach}×{reach} pixels with padding {} counted", self.padding))
        })?;
        let weight = vec![self.out_channels, channels / self.groups, k, k];
        let bias = vec![self.out_channels];
        let mut params =
            vec![ParamSpec { name: "weight", shape: weight, init: Init::TorchUniform, role: Role::Weight }];
        if self.bias {
            params.push(ParamSpec { name: "bias", shape: bias, init: Init::TorchUniform, role: Role::Bias });
        }
        Ok(Conv2d { plan: Plan::new(geom), wide: Wide::new(geom), params })
    }
}

/// Two-dimensional convolution (cross-correlation), the sum over a window of every input channel.
///
/// `output[n, o, i, j] = bias[o] + Σ_{c,p,q} weight[o, c, p, q] · input[n, c, i·stride + p·dilation − padding, …]`
///
/// # Shapes
/// - `input`  `[batch, in_channels, h, w]`, `weight` `[out_channels, in_channels / groups, k, k]`
/// - `output` `[batch, out_channels, (h + 2·padding − dilation·(k − 1) − 1) / stride + 1, …]`, rounded down
///
/// # Source
/// LeCun et al. 1998, section II.A; geometry as in Dumoulin & Visin 2016, arXiv 1603.07285.
#[derive(Clone, Debug)]
pub struct Conv2d {
    plan: Plan,
    /// A faster form that wants the whole batch, where there is one.
    wide: Option<Wide>,
    params: Vec<ParamSpec>,
}

impl Conv2d {
    /// The sizes of the convolution.
    #[must_use]
    pub fn geom(&self) -> &Conv2dGeom {
        self.plan.geom()
    }

    /// The convolution of one sample, made ready.
    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Whether it is computed one sample at a time: then other layers can be fused to it.
    pub(crate) fn is_local(&self) -> bool {
        self.wide.is_none()
    }
}

impl<T: Element> Layer<T> for Conv2d {
    fn kind(&self) -> &'static str {
        "conv2d"
    }

    fn settings(&self) -> String {
        let g = self.plan.geom();
        let mut text = format!("{}×{}, {}→{}", g.kernel_h, g.kernel_w, g.in_channels, g.out_channels);
        for (name, value, default) in [
            ("stride", g.stride, 1),
            ("padding", g.padding, 0),
            ("dilation", g.dilation, 1),
            ("groups", g.groups, 1),
        ] {
            if value != default {
                text += &format!(", {name} {value}");
            }
        }
        text
    }

    fn input_shape(&self) -> Shape {
        Shape::image(self.plan.geom().in_channels, self.plan.geom().in_h, self.plan.geom().in_w)
    }

    fn output_shape(&self) -> Shape {
        Shape::image(self.plan.geom().out_channels, self.plan.geom().out_h, self.plan.geom().out_w)
    }

    fn params(&self) -> &[ParamSpec] {
        &self.params
    }

    fn macs(&self) -> u64 {
        self.plan.geom().macs()
    }

    fn locality(&self) -> Locality {
        if self.wide.is_some() { Locality::Batch } else { Locality::Sample }
    }

    fn packed_len(&self) -> usize {
        match &self.wide {
            Some(wide) if T::as_f32(&[]).is_some() => wide.packed_len(),
            _ => self.plan.packed_len::<T>(),
        }
    }

    fn pack(&self, mode: Mode, params: &[T], packed: &mut [T]) {
        if let (Some(wide), Some(w), Some(packed)) = (&self.wide, T::as_f32(params), T::as_f32_mut(packed)) {
            return wide.pack(mode == Mode::Train, &w[..self.plan.geom().weight_len()], packed);
        }
        let passes = if mode == Mode::Train { Passes::Both } else { Passes::Forward };
        self.plan.pack(passes, &params[..self.plan.geom().weight_len()], packed);
    }

    fn forward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        input: View<'_, T>,
        mut output: ViewMut<'_, T>,
        _saved: SavedMut<'_, T>,
    ) {
        let (w, b) = weights.params.split_at(self.plan.geom().weight_len());
        let b = (!b.is_empty()).then_some(b);
        if let (Some(wide), Some(x), Some(packed), Some(y)) =
            (&self.wide, T::as_f32(input.data), T::as_f32(weights.packed), T::as_f32_mut(output.data))
        {
            return wide.forward(x, packed, b.and_then(T::as_f32), y);
        }
        let filters = Filters { w, packed: weights.packed };
        for (x, y) in input.samples().zip(output.samples()) {
            self.plan.forward(x, filters, b, y);
        }
    }

    fn backward(
        &self,
        _ctx: &Ctx,
        weights: Weights<'_, T>,
        past: Past<'_, T>,
        grad_output: View<'_, T>,
        grad_input: Option<ViewMut<'_, T>>,
        grad_params: &mut [T],
    ) {
        let (dw, db) = grad_params.split_at_mut(self.plan.geom().weight_len());
        if let (Some(wide), Some(x), Some(dy), Some(packed), Some(dw)) = (
            &self.wide,
            T::as_f32(past.input.data),
            T::as_f32(grad_output.data),
            T::as_f32(weights.packed),
            T::as_f32_mut(dw),
        ) {
            wide.accumulate_params(x, dy, dw, T::as_f32_mut(db).filter(|db| !db.is_empty()));
            if let Some(dx) = grad_input.and_then(|dx| T::as_f32_mut(dx.data)) {
                wide.backward_input(dy, packed, dx);
            }
            return;
        }
        for (x, dy) in past.input.samples().zip(grad_output.samples()) {
            let db = if db.is_empty() { None } else { Some(&mut *db) };
            self.plan.accumulate_params(x, dy, dw, db);
        }
        if let Some(mut grad_input) = grad_input {
            let w = &weights.params[..self.plan.geom().weight_len()];
            let filters = Filters { w, packed: weights.packed };
            for (dy, dx) in grad_output.samples().zip(grad_input.samples()) {
                self.plan.backward_input(dy, filters, dx);
            }
        }
    }
}
