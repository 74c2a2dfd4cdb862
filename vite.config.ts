// Bundles the sources into dist: an entry is few files, for each costs a third of a millisecond at
// `import`. What is loaded late, such as the commands, is a file of its own. Types come from tsc
// (tsconfig.build.json).
//
// Files are chosen here: left to itself the bundler makes one for each set of modules that some places share,
// and one more late import of a small module breaks ten files out of one.
//
// Dependencies stay imports: who installs the package has them, and shares them with others.

import { resolve } from 'node:path';

import { defineConfig, type UserConfig } from 'vite';

type ModuleInfo = (id: string) => { readonly importedIds: readonly string[] } | null;

const source = (path: string): string => resolve(import.meta.dirname, 'src', path);

/** Files that are shared, each with what it starts from; a module is in the first that reaches it. */
const files: readonly (readonly [name: string, starts: readonly string[]])[] = [
  ['engine', ['engine/index.ts']],
  ['runlog', ['index.ts']],
  ['query', ['sdk/scan.ts', 'store/catalogue.ts']],
];

/** The modules of ours that are loaded with these. */
function reached(starts: readonly string[], infoOf: ModuleInfo): Set<string> {
  const found = new Set(starts);
  for (const id of found)
    for (const each of infoOf(id)?.importedIds ?? []) if (each.includes('/src/')) found.add(each);
  return found;
}

const modules = new Map<string, Set<string>>();

function fileOf(id: string, { getModuleInfo }: { getModuleInfo: ModuleInfo }): string | undefined {
  for (const [name, starts] of files) {
    const ids = starts.map(source);
    if (name !== 'query' && ids.includes(id)) return undefined;
    const own = modules.get(name) ?? reached(ids, getModuleInfo);
    modules.set(name, own);
    if (own.has(id)) return name;
  }
  return undefined;
}

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
        onlyExplicitManualChunks: true,
        manualChunks: fileOf,
      },
    },
  },
});

export default config;
