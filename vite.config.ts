// Bundles the sources into dist: an entry is few files, for each costs a third of a millisecond at
// `import`. What is loaded late, such as the commands, is a file of its own. Types come from tsc
// (tsconfig.build.json).
//
// Dependencies stay imports: who installs the package has them, and shares them with others.

import { defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    minify: false,
    emptyOutDir: false,
    copyPublicDir: false,
    rollupOptions: {
      input: {
        index: 'src/index.ts',
        'engine/index': 'src/engine/index.ts',
        'cli/main': 'src/cli/main.ts',
      },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: ({ moduleIds }) =>
          moduleIds.every((id) => id.includes('/src/cli/')) ? 'cli/[name].js' : 'shared/[name].js',
      },
    },
  },
});

export default config;
