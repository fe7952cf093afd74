//! Models of scikit-learn 1.0 and 1.9 read into derived structs: what is computed here from their
//! parts is what they predict themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_pickle::from_slice;

#[derive(Deserialize)]
struct Fixture {
    samples: Vec<[f64; 4]>,
    models: Vec<Model>,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    pickle: String,
    predictions: serde_json::Value,
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte| DIGITS.iter().position(|digit| *digit == byte).unwrap() as u32;
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        (bits, count) = ((bits << 6 | digit(byte)) & 0xff_ffff, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// A linear model of one target.
#[derive(Deserialize)]
struct Linear {
    coef_: Vec<f64>,
    intercept_: f64,
}

impl Linear {
    fn predict(&self, x: &[f64]) -> f64 {
        dot(&self.coef_, x) + self.intercept_
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[derive(Deserialize)]
struct DecisionTree {
    tree_: Tree,
}

#[derive(Deserialize)]
struct Tree {
    nodes: Vec<Node>,
    values: Vec<Vec<Vec<f64>>>,
}

/// A record of numpy, by the names of its fields.
#[derive(Deserialize)]
struct Node {
    left_child: i64,
    right_child: i64,
    feature: i64,
    threshold: f64,
}

impl Tree {
    /// The values of the leaf. scikit-learn compares samples as floats of 32 bits.
    fn leaf(&self, x: &[f64]) -> &[f64] {
        let mut at = 0;
        while self.nodes[at].left_child >= 0 {
            let node = &self.nodes[at];
            let left = f64::from(x[node.feature as usize] as f32) <= node.threshold;
            at = if left { node.left_child } else { node.right_child } as usize;
        }
        &self.values[at][0]
    }
}

fn normalized(values: &[f64]) -> Vec<f64> {
    let sum: f64 = values.iter().sum();
    values.iter().map(|value| value / sum).collect()
}

#[derive(Deserialize)]
struct Forest {
    estimators_: Vec<DecisionTree>,
}

#[derive(Deserialize)]
struct Boosting {
    /// An array of objects of two dimensions.
    estimators_: Vec<Vec<DecisionTree>>,
    init_: Dummy,
    learning_rate: f64,
}

#[derive(Deserialize)]
struct Dummy {
    constant_: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Perceptron {
    coefs_: Vec<Vec<Vec<f64>>>,
    intercepts_: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Scaler {
    mean_: Vec<f64>,
    scale_: Vec<f64>,
}

impl Scaler {
    fn transform(&self, x: &[f64]) -> Vec<f64> {
        x.iter()
            .zip(&self.mean_)
            .zip(&self.scale_)
            .map(|((x, mean), scale)| (x - mean) / scale)
            .collect()
    }
}

#[derive(Deserialize)]
struct Pipeline {
    steps: ((String, Scaler), (String, Linear)),
}

#[derive(Deserialize)]
struct Logistic {
    coef_: Vec<Vec<f64>>,
    intercept_: Vec<f64>,
}

#[derive(Deserialize)]
struct Bayes {
    theta_: Vec<Vec<f64>>,
    var_: Vec<Vec<f64>>,
    class_prior_: Vec<f64>,
}

fn softmax(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    normalized(&scores.iter().map(|score| (score - most).exp()).collect::<Vec<_>>())
}

#[derive(Deserialize)]
struct Means {
    cluster_centers_: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Components {
    mean_: Vec<f64>,
    components_: Vec<Vec<f64>>,
}

fn bayes(model: &Bayes, x: &[f64]) -> Vec<f64> {
    let score = |(class, prior): (usize, &f64)| {
        let terms = x.iter().zip(&model.theta_[class]).zip(&model.var_[class]);
        let terms = terms.map(|((x, mean), variance)| {
            (std::f64::consts::TAU * variance).ln() + (x - mean).powi(2) / variance
        });
        prior.ln() - 0.5 * terms.sum::<f64>()
    };
    softmax(&model.class_prior_.iter().enumerate().map(score).collect::<Vec<_>>())
}

fn perceptron(model: &Perceptron, x: &[f64]) -> Vec<f64> {
    let mut layer = x.to_vec();
    let last = model.coefs_.len() - 1;
    for (depth, (weights, bias)) in model.coefs_.iter().zip(&model.intercepts_).enumerate() {
        let unit = |at: usize| {
            let inputs = layer.iter().zip(weights).map(|(x, weights)| x * weights[at]);
            let sum = inputs.sum::<f64>() + bias[at];
            if depth < last { sum.max(0.0) } else { sum }
        };
        layer = (0..bias.len()).map(unit).collect();
    }
    layer
}

/// What the model of a name predicts for a sample.
fn predict(name: &str, pickle: &[u8], x: &[f64]) -> Vec<f64> {
    fn read<T: DeserializeOwned>(pickle: &[u8]) -> T {
        from_slice(pickle).unwrap()
    }
    match name {
        "linear_regression" | "ridge" | "lasso" => vec![read::<Linear>(pickle).predict(x)],
        "tree_regressor" => read::<DecisionTree>(pickle).tree_.leaf(x).to_vec(),
        "tree_classifier" => normalized(read::<DecisionTree>(pickle).tree_.leaf(x)),
        "forest_regressor" => {
            let trees = read::<Forest>(pickle).estimators_;
            let sum: f64 = trees.iter().map(|tree| tree.tree_.leaf(x)[0]).sum();
            vec![sum / trees.len() as f64]
        }
        "boosting_regressor" => {
            let model: Boosting = read(pickle);
            let trees = model.estimators_.iter().flatten();
            let trees: f64 = trees.map(|tree| model.learning_rate * tree.tree_.leaf(x)[0]).sum();
            vec![model.init_.constant_[0][0] + trees]
        }
        "mlp_regressor" => perceptron(&read(pickle), x),
        "scaled_ridge" => {
            let ((_, scaler), (_, ridge)) = read::<Pipeline>(pickle).steps;
            vec![ridge.predict(&scaler.transform(x))]
        }
        "logistic_regression" => {
            let model: Logistic = read(pickle);
            let scores = model.coef_.iter().zip(&model.intercept_);
            softmax(&scores.map(|(coef, bias)| dot(coef, x) + bias).collect::<Vec<_>>())
        }
        "gaussian_nb" => bayes(&read(pickle), x),
        "k_means" => {
            let model: Means = read(pickle);
            let distance = |center: &Vec<f64>| -> f64 {
                center.iter().zip(x).map(|(a, b)| (a - b).powi(2)).sum()
            };
            let distances: Vec<f64> = model.cluster_centers_.iter().map(distance).collect();
            let nearest = distances.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
            vec![nearest.unwrap().0 as f64]
        }
        "pca" => {
            let model: Components = read(pickle);
            let x: Vec<f64> = x.iter().zip(&model.mean_).map(|(x, mean)| x - mean).collect();
            model.components_.iter().map(|component| dot(component, &x)).collect()
        }
        "standard_scaler" => read::<Scaler>(pickle).transform(x),
        other => panic!("{other}"),
    }
}

#[test]
fn predictions_are_those_of_scikit_learn() {
    for version in ["1.0", "1.9"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/sklearn");
        let text = std::fs::read_to_string(folder.join(format!("{version}.json"))).unwrap();
        let fixture: Fixture = serde_json::from_str(&text).unwrap();
        let (mut kinds, mut count) = (BTreeSet::new(), 0);
        for model in &fixture.models {
            let pickle = base64(&model.pickle);
            let expected = model.predictions.as_array().unwrap();
            assert_eq!(expected.len(), fixture.samples.len());
            for (x, expected) in fixture.samples.iter().zip(expected) {
                let expected: Vec<f64> = match expected {
                    serde_json::Value::Array(list) => {
                        list.iter().map(|value| value.as_f64().unwrap()).collect()
                    }
                    value => vec![value.as_f64().unwrap()],
                };
                let found = predict(&model.name, &pickle, x);
                assert_eq!(found.len(), expected.len(), "{version} {}", model.name);
                for (found, expected) in found.iter().zip(&expected) {
                    let near = (found - expected).abs() <= 1e-12 * expected.abs().max(1.0);
                    assert!(near, "{version} {}: {found}, expected {expected}", model.name);
                    count += 1;
                }
            }
            kinds.insert(model.name.as_str());
        }
        println!("scikit-learn {version}: {count} predictions of {} models", kinds.len());
        assert!(kinds.len() >= 14, "{kinds:?}");
    }
}
