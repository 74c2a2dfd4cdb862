// A small network of dense layers with ReLU and a softmax at the end, trained by gradient descent with
// momentum. Written for the demo: short loops over typed arrays, deterministic from its seed.

export interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Float32Array;
  readonly biases: Float32Array;
  readonly weightSpeeds: Float32Array;
  readonly biasSpeeds: Float32Array;
}

export interface BatchResult {
  readonly loss: number;
  readonly accuracy: number;
  /** Norm of the gradient of each layer's weights. */
  readonly gradientNorms: readonly number[];
}

const MOMENTUM = 0.9;

export class Network {
  readonly layers: readonly Layer[];

  constructor(sizes: readonly number[], random: () => number) {
    this.layers = sizes.slice(1).map((outputs, index) => {
      const inputs = sizes[index] as number;
      const scale = Math.sqrt(2 / inputs);
      const weights = Float32Array.from({ length: inputs * outputs }, () => gauss(random) * scale);
      const zeros = (length: number): Float32Array => new Float32Array(length);
      return {
        inputs,
        outputs,
        weights,
        biases: zeros(outputs),
        weightSpeeds: zeros(weights.length),
        biasSpeeds: zeros(outputs),
      };
    });
  }

  /** Everything that training goes on from, as one array. */
  save(): Float32Array {
    const parts = this.#parts();
    const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
    let offset = 0;
    for (const part of parts) {
      all.set(part, offset);
      offset += part.length;
    }
    return all;
  }

  load(all: Float32Array): void {
    let offset = 0;
    for (const part of this.#parts()) {
      part.set(all.subarray(offset, offset + part.length));
      offset += part.length;
    }
  }

  #parts(): Float32Array[] {
    return this.layers.flatMap((layer) => [
      layer.weights,
      layer.biases,
      layer.weightSpeeds,
      layer.biasSpeeds,
    ]);
  }

  /** Outputs of every layer for one input, the input first. */
  #forward(input: Float32Array): Float32Array[] {
    const values = [input];
    for (const [index, { inputs, outputs, weights, biases }] of this.layers.entries()) {
      const before = values[index] as Float32Array;
      const output = Float32Array.from(biases);
      for (let from = 0; from < inputs; from += 1) {
        const value = before[from] as number;
        if (value === 0) continue;
        const row = from * outputs;
        for (let to = 0; to < outputs; to += 1)
          output[to] = (output[to] as number) + value * (weights[row + to] as number);
      }
      const isLast = index === this.layers.length - 1;
      values.push(isLast ? softmax(output) : output.map((each) => Math.max(0, each)));
    }
    return values;
  }

  /** Loss and accuracy over images, without learning. */
  evaluate(
    pixels: Float32Array,
    labels: Uint8Array,
    inputs: number,
  ): { loss: number; accuracy: number } {
    let loss = 0;
    let right = 0;
    for (let index = 0; index < labels.length; index += 1) {
      const output = this.#forward(pixels.subarray(index * inputs, (index + 1) * inputs)).at(
        -1,
      ) as Float32Array;
      loss -= Math.log(Math.max(1e-12, output[labels[index] as number] as number));
      if (output.indexOf(Math.max(...output)) === labels[index]) right += 1;
    }
    return { loss: loss / labels.length, accuracy: right / labels.length };
  }

  /** One step of descent on a batch. */
  train(
    batch: readonly { readonly input: Float32Array; readonly label: number }[],
    learningRate: number,
  ): BatchResult {
    const gradients = this.layers.map((layer) => ({
      weights: new Float32Array(layer.weights.length),
      biases: new Float32Array(layer.outputs),
    }));
    let loss = 0;
    let right = 0;
    for (const { input, label } of batch) {
      const values = this.#forward(input);
      const output = values.at(-1) as Float32Array;
      loss -= Math.log(Math.max(1e-12, output[label] as number));
      if (output.indexOf(Math.max(...output)) === label) right += 1;
      const error = Float32Array.from(output);
      error[label] = (error[label] as number) - 1;
      this.#backward(values, error, gradients);
    }
    const gradientNorms = this.layers.map((layer, index) =>
      this.#descend(layer, gradients[index] as (typeof gradients)[0], learningRate, batch.length),
    );
    return { loss: loss / batch.length, accuracy: right / batch.length, gradientNorms };
  }

  #backward(
    values: readonly Float32Array[],
    last: Float32Array,
    gradients: readonly { weights: Float32Array; biases: Float32Array }[],
  ): void {
    let error = last;
    for (let index = this.layers.length - 1; index >= 0; index -= 1) {
      const { inputs, outputs, weights } = this.layers[index] as Layer;
      const gradient = gradients[index] as (typeof gradients)[0];
      const before = values[index] as Float32Array;
      const next = new Float32Array(inputs);
      for (let to = 0; to < outputs; to += 1)
        gradient.biases[to] = (gradient.biases[to] as number) + (error[to] as number);
      for (let from = 0; from < inputs; from += 1) {
        const value = before[from] as number;
        // Through a ReLU that was off nothing flows; a pixel that is 0 teaches nothing.
        if (value === 0) continue;
        const row = from * outputs;
        let sum = 0;
        for (let to = 0; to < outputs; to += 1) {
          const own = error[to] as number;
          gradient.weights[row + to] = (gradient.weights[row + to] as number) + value * own;
          sum += own * (weights[row + to] as number);
        }
        next[from] = sum;
      }
      error = next;
    }
  }

  #descend(
    layer: Layer,
    gradient: { weights: Float32Array; biases: Float32Array },
    learningRate: number,
    count: number,
  ): number {
    let squares = 0;
    const move = (values: Float32Array, speeds: Float32Array, slopes: Float32Array): void => {
      for (let index = 0; index < values.length; index += 1) {
        const slope = (slopes[index] as number) / count;
        squares += slope * slope;
        speeds[index] = MOMENTUM * (speeds[index] as number) - learningRate * slope;
        values[index] = (values[index] as number) + (speeds[index] as number);
      }
    };
    move(layer.weights, layer.weightSpeeds, gradient.weights);
    move(layer.biases, layer.biasSpeeds, gradient.biases);
    return Math.sqrt(squares);
  }
}

function softmax(values: Float32Array): Float32Array {
  const most = Math.max(...values);
  const powers = values.map((value) => Math.exp(value - most));
  const sum = powers.reduce((all, each) => all + each, 0);
  return powers.map((power) => power / sum);
}

/** Normally distributed, by Box and Muller. */
const gauss = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** Mulberry32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
