# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Packages of Debian and its backports that are unpacked rather than installed; sourced after run-lib.sh.

debian_codename() { (. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}"); }

# apt_config DIRECTORY SOURCES: an apt of its own below DIRECTORY, for APT_CONFIG=DIRECTORY/apt.conf, with the
# suites of Debian in SOURCES (debian_sources) and their backports. It knows what is installed, so that only
# what is missing is fetched. Nothing of the machine's own apt is touched.
apt_config() {
	local apt=$1 sources=$2 codename uri
	codename=$(debian_codename)
	mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts"
	uri=$(awk -v suite="$codename" '$2 == suite { print $1; exit }' <<<"$sources")
	[[ $uri ]] || die "apt on this machine has no suite $codename; look at /etc/apt"
	{
		printf '%s\n' "$sources" |
			sed 's,^,deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ,'
		printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s-backports main\n' \
			"$uri" "$codename"
	} >"$apt/sources.list"
	cp /var/lib/dpkg/status "$apt/status"
	{
		printf 'Dir::Etc::sourcelist "%s";\n' "$apt/sources.list"
		printf 'Dir::Etc::sourceparts "%s";\n' "$apt/parts"
		printf 'Dir::Etc::preferences "/dev/null";\nDir::Etc::preferencesparts "%s";\n' "$apt/parts"
		printf 'Dir::State::lists "%s";\n' "$apt/lists"
		printf 'Dir::State::status "%s";\n' "$apt/status"
		printf 'Dir::Cache::archives "%s";\n' "$apt/archives"
		printf 'Dir::Cache::pkgcache "%s/pkgcache";\nDir::Cache::srcpkgcache "";\n' "$apt"
		printf 'APT::Install-Recommends "false";\nAPT::Sandbox::User "root";\n'
		printf 'Acquire::Languages "none";\n'
		# Hooks that clean up after the machine's apt have no business here.
		printf '#clear APT::Update::Post-Invoke;\n#clear APT::Update::Post-Invoke-Success;\n'
		apt_network_options
	} >"$apt/apt.conf"
}
