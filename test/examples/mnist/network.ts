// A multilayer perceptron: dense layers with ReLU between them, softmax and cross entropy at the end,
// trained by minibatches. Written for the demo; the same seed gives the same numbers to the last bit.

import { DenseLayer } from './dense-layer.ts';

export interface Score {
  /** Mean cross entropy. */
  readonly loss: number;
  /** Part of the images that were recognised. */
  readonly accuracy: number;
}

export interface StepResult extends Score {
  /** A norm a layer, the first layer first. */
  readonly gradientNorms: readonly number[];
}

export class Network {
  readonly #layers: readonly DenseLayer[];
  /** Outputs of each layer and the gradients by them, for a batch of `#capacity` images. */
  #outputs: readonly Float32Array[] = [];
  #gradients: readonly Float32Array[] = [];
  #capacity = 0;

  /** `sizes`: inputs, hidden layers, outputs. */
  constructor(sizes: readonly number[], random: () => number) {
    this.#layers = sizes
      .slice(1)
      .map((outputCount, index) => new DenseLayer(sizes[index] as number, outputCount, random));
  }

  /** Everything that training goes on from. Writing to these arrays loads it. */
  get state(): readonly Float32Array[] {
    return this.#layers.flatMap((layer) => layer.state);
  }

  /** One step of gradient descent. */
  train(pixels: Float32Array, labels: Uint8Array, learningRate: number): StepResult {
    const score = this.evaluate(pixels, labels);
    const count = labels.length;
    const last = this.#layers.length - 1;
    const error = this.#gradients[last] as Float32Array;
    // The gradient of cross entropy by the inputs of a softmax: what was said less what is true.
    error.set(this.#outputs[last] as Float32Array);
    const classCount = error.length / this.#capacity;
    for (const [row, label] of labels.entries()) (error[row * classCount + label] as number) -= 1;
    for (let index = 0; index < error.length; index += 1) (error[index] as number) /= count;
    for (let index = last; index >= 0; index -= 1) {
      const inputs = index === 0 ? pixels : (this.#outputs[index - 1] as Float32Array);
      const inputGradient = this.#gradients[index - 1];
      const outputGradient = this.#gradients[index] as Float32Array;
      this.#layers[index]?.backward(inputs, outputGradient, count, inputGradient);
    }
    const gradientNorms = this.#layers.map((layer) => layer.gradientNorm());
    for (const layer of this.#layers) layer.descend(learningRate);
    return { ...score, gradientNorms };
  }

  /** Loss and accuracy on images, without learning. */
  evaluate(pixels: Float32Array, labels: Uint8Array): Score {
    const count = labels.length;
    this.#reserve(count);
    let inputs = pixels;
    for (const [index, layer] of this.#layers.entries()) {
      const outputs = this.#outputs[index] as Float32Array;
      layer.forward(inputs, count, outputs);
      if (index < this.#layers.length - 1) applyRelu(outputs);
      inputs = outputs;
    }
    return scoreOf(inputs, labels);
  }

  #reserve(count: number): void {
    if (this.#capacity === count) return;
    const create = (): Float32Array[] =>
      this.#layers.map((layer) => new Float32Array(count * layer.outputCount));
    this.#outputs = create();
    this.#gradients = create();
    this.#capacity = count;
  }
}

function applyRelu(values: Float32Array): void {
  for (let index = 0; index < values.length; index += 1)
    if ((values[index] as number) < 0) values[index] = 0;
}

/** Turns each row of outputs into probabilities, in place, and compares them with the labels. */
function scoreOf(outputs: Float32Array, labels: Uint8Array): Score {
  const classCount = outputs.length / labels.length;
  let loss = 0;
  let rightCount = 0;
  for (const [row, label] of labels.entries()) {
    const values = outputs.subarray(row * classCount, (row + 1) * classCount);
    let guess = 0;
    for (let index = 1; index < classCount; index += 1)
      if ((values[index] as number) > (values[guess] as number)) guess = index;
    if (guess === label) rightCount += 1;
    // Less the greatest: an exponential of it alone could overflow.
    const greatest = values[guess] as number;
    let sum = 0;
    for (let index = 0; index < classCount; index += 1) {
      values[index] = Math.exp((values[index] as number) - greatest);
      sum += values[index] as number;
    }
    for (let index = 0; index < classCount; index += 1) (values[index] as number) /= sum;
    loss -= Math.log(Math.max(1e-12, values[label] as number));
  }
  return { loss: loss / labels.length, accuracy: rightCount / labels.length };
}
