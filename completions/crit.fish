# SPDX-License-Identifier: GPL-2.0-only
# fish completion of crit, which says itself what fits. Installed as share/fish/vendor_completions.d/crit.fish.
function __crit_complete
	set -l words (commandline -opc) (commandline -ct)
	for line in (command $words[1] --complete $words[2..-1] 2>/dev/null)
		if test "$line" = :files
			__fish_complete_path (commandline -ct)
		else
			printf '%s\n' $line
		end
	end
end
complete -c crit -f -a '(__crit_complete)'
