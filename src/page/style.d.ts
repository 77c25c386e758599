/**
 * Tells the compiler that Vite takes stylesheets in.
 * It declares nothing else.
 */
declare module '*.css';
