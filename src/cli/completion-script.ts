// What a shell is told once, so that it asks `runlog complete -- words...` at each TAB. Nothing that was
// typed is evaluated: words are handed on as they are.
//
// Test: test/cli/process.test.ts.

const bash = `# bash completion of runlog: source <(runlog complete bash)
_runlog() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <(runlog complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1)
}
complete -o bashdefault -o default -F _runlog runlog
`;

const zsh = `#compdef runlog
# zsh completion of runlog: source <(runlog complete zsh), after compinit
_runlog() {
  local value about
  local -a found
  while IFS=$'\\t' read -r value about; do
    found+=("\${value//:/\\\\:}:$about")
  done < <(runlog complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then
    _describe runlog found
  else
    _files
  fi
}
compdef _runlog runlog
`;

const fish = `# fish completion of runlog: runlog complete fish > ~/.config/fish/completions/runlog.fish
function __runlog_complete
  set -l words (commandline -opc) (commandline -ct)
  runlog complete -- $words[2..-1] 2>/dev/null
end
complete -c runlog -f -a '(__runlog_complete)'
`;

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish };
