/**
 * How hosts, groups and users may be called, and what an address looks like, in Garrison's own files.
 * It says nothing of whether such a thing exists.
 */
export const NAME_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const USER_PATTERN = /^[a-z_][a-z0-9_-]{0,31}$/;
export const ADDRESS_PATTERN = /^[A-Za-z0-9][A-Za-z0-9.:%-]{0,252}$|^::[0-9A-Fa-f:.]*$/;
