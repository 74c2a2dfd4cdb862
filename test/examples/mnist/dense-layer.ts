// A dense layer over a batch: outputs = inputs x weights + biases, its gradients, and the step of
// gradient descent with momentum. A matrix is one Float32Array, row after row; the loops are written
// out and nothing is allocated in a step.

import { randomNormal } from './random.ts';

export const MOMENTUM = 0.9;

export class DenseLayer {
  readonly inputCount: number;
  readonly outputCount: number;
  /** `inputCount` rows of `outputCount`: the inner loops run along a row. */
  readonly weights: Float32Array;
  readonly biases: Float32Array;
  readonly #weightVelocity: Float32Array;
  readonly #biasVelocity: Float32Array;
  readonly #weightGradient: Float32Array;
  readonly #biasGradient: Float32Array;

  constructor(inputCount: number, outputCount: number, random: () => number) {
    this.inputCount = inputCount;
    this.outputCount = outputCount;
    // He's deviation: what passes a ReLU keeps its size from layer to layer.
    const deviation = Math.sqrt(2 / inputCount);
    const size = inputCount * outputCount;
    this.weights = Float32Array.from({ length: size }, () => randomNormal(random) * deviation);
    this.biases = new Float32Array(outputCount);
    this.#weightVelocity = new Float32Array(size);
    this.#biasVelocity = new Float32Array(outputCount);
    this.#weightGradient = new Float32Array(size);
    this.#biasGradient = new Float32Array(outputCount);
  }

  /** What training goes on from: without the velocities a resumed training would differ. */
  get state(): readonly Float32Array[] {
    return [this.weights, this.biases, this.#weightVelocity, this.#biasVelocity];
  }

  forward(inputs: Float32Array, count: number, outputs: Float32Array): void {
    const { inputCount, outputCount, weights, biases } = this;
    for (let row = 0; row < count; row += 1) {
      const outputStart = row * outputCount;
      outputs.set(biases, outputStart);
      for (let input = 0; input < inputCount; input += 1) {
        const value = inputs[row * inputCount + input] as number;
        // Four of five pixels are white, and half of the hidden values are off.
        if (value === 0) continue;
        const start = input * outputCount;
        for (let output = 0; output < outputCount; output += 1)
          (outputs[outputStart + output] as number) += value * (weights[start + output] as number);
      }
    }
  }

  /**
   * Takes the gradient of the loss by the outputs, keeps that by weights and biases, and writes that
   * by the inputs to `inputGradient`, which the first layer has no use for.
   */
  backward(
    inputs: Float32Array,
    outputGradient: Float32Array,
    count: number,
    inputGradient: Float32Array | undefined,
  ): void {
    const { inputCount, outputCount, weights } = this;
    const weightGradient = this.#weightGradient.fill(0);
    const biasGradient = this.#biasGradient.fill(0);
    inputGradient?.fill(0);
    for (let row = 0; row < count; row += 1) {
      const outputStart = row * outputCount;
      for (let output = 0; output < outputCount; output += 1)
        (biasGradient[output] as number) += outputGradient[outputStart + output] as number;
      for (let input = 0; input < inputCount; input += 1) {
        const value = inputs[row * inputCount + input] as number;
        // What is 0 taught nothing; and through a ReLU that was off no gradient flows back.
        if (value === 0) continue;
        const start = input * outputCount;
        for (let output = 0; output < outputCount; output += 1)
          (weightGradient[start + output] as number) +=
            value * (outputGradient[outputStart + output] as number);
        if (inputGradient === undefined) continue;
        let sum = 0;
        for (let output = 0; output < outputCount; output += 1)
          sum +=
            (outputGradient[outputStart + output] as number) * (weights[start + output] as number);
        inputGradient[row * inputCount + input] = sum;
      }
    }
  }

  /** Norm of the gradient by weights and biases that the last `backward` kept. */
  gradientNorm(): number {
    return Math.sqrt(sumOfSquares(this.#weightGradient) + sumOfSquares(this.#biasGradient));
  }

  descend(learningRate: number): void {
    move(this.weights, this.#weightVelocity, this.#weightGradient, learningRate);
    move(this.biases, this.#biasVelocity, this.#biasGradient, learningRate);
  }
}

function sumOfSquares(values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) sum += (values[index] as number) ** 2;
  return sum;
}

function move(
  values: Float32Array,
  velocity: Float32Array,
  gradient: Float32Array,
  learningRate: number,
): void {
  for (let index = 0; index < values.length; index += 1) {
    const speed =
      MOMENTUM * (velocity[index] as number) - learningRate * (gradient[index] as number);
    velocity[index] = speed;
    (values[index] as number) += speed;
  }
}
