// Safe Exam Browser's modern view sends no headers of its own: its script API tells the keys, hashed
// with this page's address, and a cookie carries them to every request of the exam.
const hand = () => {
  const { configKey, browserExamKey } = window.SafeExamBrowser?.security ?? {};
  if (!configKey) return;
  const page = encodeURIComponent(location.href.split("#")[0]);
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `cakap_seb=${configKey}.${browserExamKey ?? ""}.${page}; path=/ujian/; SameSite=Strict${secure}`;
};
hand();
window.SafeExamBrowser?.security?.updateKeys?.(hand);
