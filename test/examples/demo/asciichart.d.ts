// What the demo uses of asciichart, which ships no types.
declare module 'asciichart' {
  const chart: {
    plot(
      curves: readonly number[] | readonly (readonly number[])[],
      options?: { height?: number },
    ): string;
  };
  export default chart;
}
