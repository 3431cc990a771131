# SPDX-License-Identifier: GPL-2.0-only
# bash completion of crit, which says itself what fits. Installed as share/bash-completion/completions/crit.
_crit() {
	local cur=${COMP_WORDS[COMP_CWORD]} line words=()
	COMPREPLY=()
	while IFS= read -r line; do
		if [[ $line == :files ]]; then
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
			return
		fi
		words+=("${line%%$'\t'*}")
	done < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	COMPREPLY=("${words[@]}")
}
complete -F _crit crit
