// Adam against its golden trajectories, without any package: node adam_golden.mjs adam.json
import { readFileSync } from "node:fs";

// The port under test. It sees all numbers of a model as one array.
class Adam {
  constructor(size, { lr, betas, eps }) {
    Object.assign(this, { lr, betas, eps, t: 0, m: Array(size).fill(0), v: Array(size).fill(0) });
  }
  step(x, g) {
    const [b1, b2] = this.betas;
    this.t += 1;
    this.m = this.m.map((m, i) => b1 * m + (1 - b1) * g[i]);
    this.v = this.v.map((v, i) => b2 * v + (1 - b2) * g[i] * g[i]);
    const first = 1 - b1 ** this.t, second = 1 - b2 ** this.t;
    return x.map((a, i) => a - (this.lr * (this.m[i] / first)) / (Math.sqrt(this.v[i] / second) + this.eps));
  }
}

let worst = 0;
for (const { hyperparameters, start, steps } of JSON.parse(readFileSync(process.argv[2], "utf8")).cases) {
  let x = start.flat(Infinity);
  const port = new Adam(x.length, hyperparameters);
  for (const { gradients, parameters } of steps) {
    x = port.step(x, gradients.flat(Infinity));
    parameters.flat(Infinity).forEach((b, i) => {
      worst = Math.max(worst, Math.abs(x[i] - b) / Math.max(1, Math.abs(b)));
    });
  }
}
console.log(`largest difference: ${worst.toExponential(1)}`);
process.exit(worst > 1e-12 ? 1 : 0);
