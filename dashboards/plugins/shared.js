/** The modules that Superset shares with plug-ins, by name; with or without a default export. */
export const shared = name => {
  const module = window[`__superset__/${name}`];
  return module.createElement || !module.default ? module : { ...module.default, ...module };
};
