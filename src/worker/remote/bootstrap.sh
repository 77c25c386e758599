# What ssh asks the host to run, whatever the login shell is: say who logged in, become root, run the script that follows on standard input.
# It holds no data and no single quote, since it is sent between two of them.
PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin; LC_ALL=C; export PATH LC_ALL;
who=;
while read -r label real effective rest; do case $label in Uid:) who=$effective; break ;; esac; done 2>/dev/null </proc/self/status;
case $who in "") who=$(id -u) ;; esac;
echo "@garrison1 login $who";
case $who in 0) exec /bin/sh -s ;; esac;
command -v sudo >/dev/null 2>&1 || { echo "@garrison1 nosudo"; exit 93; };
exec sudo -n /bin/sh -s
