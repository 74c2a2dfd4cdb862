// What is captured of a program and its machine when a run is opened, in Aim's shape.
//
// Spec: spec/system-params.md. Test: test/sdk/system-params.test.ts.

/** The param that the capture is kept at. */
export const SYSTEM_PARAMS_KEY = '__system_params';

/** The commit that was checked out, as far as git told. */
export interface CommitFacts {
  /** As short as git gives it. */
  readonly hash?: string;
  readonly full_hash?: string;
  /** When it was authored, ISO 8601 with the author's zone. */
  readonly timestamp?: string;
  readonly author?: string;
  readonly message?: string;
}

/** Empty: the program is not of a git repository. */
export interface GitFacts {
  /** 'HEAD' when it is detached, as git says it. */
  readonly branch?: string;
  readonly remote_origin_url?: string;
  readonly commit?: CommitFacts;
  /** Tracked files differ from the commit. */
  readonly dirty?: boolean;
  /** Files, and directories of nothing else, that are neither tracked nor ignored. */
  readonly untracked?: number;
  readonly diff?: string;
  readonly diff_truncated?: boolean;
  readonly detached?: boolean;
  readonly shallow?: boolean;
  readonly bare?: boolean;
  readonly worktree?: boolean;
  readonly root?: string;
}

/** Each key is absent when it is not known; `missing` says why. */
export interface SystemParams {
  readonly packages?: Readonly<Record<string, string | null>>;
  readonly packages_nested?: Readonly<Record<string, readonly string[]>>;
  readonly env_variables?: Readonly<Record<string, string>>;
  readonly git_info?: GitFacts;
  readonly executable?: string;
  readonly arguments?: readonly string[];
  readonly exec_arguments?: readonly string[];
  readonly entry_file?: string;
  readonly cwd?: string;
  readonly node_version?: string;
  readonly versions?: Readonly<Record<string, string>>;
  readonly package_manager?: { readonly name: string; readonly version?: string };
  readonly lockfile?: { readonly kind: string; readonly file: string; readonly hash: string };
  readonly host_name?: string;
  readonly user?: string;
  readonly os?: {
    readonly name?: string;
    readonly platform?: string;
    readonly kernel?: string;
    readonly architecture?: string;
  };
  readonly cpu?: { readonly model?: string; readonly cores?: number; readonly threads?: number };
  /** Bytes. */
  readonly memory?: { readonly total?: number };
  readonly gpus?: readonly Readonly<Record<string, unknown>>[];
  readonly gpu_driver?: string;
  /** Null: it runs in none. */
  readonly container?: Readonly<Record<string, string>> | null;
  /** Null: nothing says that it runs in one. */
  readonly ci?: Readonly<Record<string, string>> | null;
  /** How often something was redacted, by name. */
  readonly redacted: Readonly<Record<string, number>>;
  /** What is not known, and why. */
  readonly missing: Readonly<Record<string, string>>;
  /** What is not whole, and why. */
  readonly cut: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly captured_at: number;
}

/** Whether what stands at SYSTEM_PARAMS_KEY is a capture. */
export const isCapture = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Record<string, unknown>)['captured_at'] === 'number';
